"""What an answer that is not the wanted one means: status, type and transport to a kind."""

from __future__ import annotations

import math
import re
import ssl
import time
from collections.abc import Iterator, Mapping
from email.utils import parsedate_to_datetime
from urllib.parse import SplitResult, urljoin, urlsplit

from hikma_tui.wire.shapes import Kind, Trouble

_PORTAL = re.compile(
    rb"portal|captive|hotspot|wi-?fi|log-?in|sign-?in|accept|terms|voucher|guest|welcome", re.I
)
_DAY = 86_400.0


def type_of(headers: Mapping[str, str]) -> str:
    """The media type, lower-case and without its parameters."""
    return headers.get("content-type", "").partition(";")[0].strip().lower()[:80]


def is_json(kind: str) -> bool:
    """Whether a media type is JSON."""
    return kind == "application/json" or kind.endswith("+json")


def is_page(kind: str, body: bytes) -> bool:
    """Whether it is a page for a browser."""
    return kind in ("text/html", "application/xhtml+xml") or body[:200].lstrip().lower().startswith(
        (b"<!doctype html", b"<html")
    )


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds to wait, by ``Retry-After`` (a number or a date), at most a day; None if unsaid."""
    text = headers.get("retry-after", "").strip()
    try:
        seconds = float(text)
    except ValueError:
        try:
            seconds = parsedate_to_datetime(text).timestamp() - time.time()
        except (ValueError, TypeError, IndexError, OverflowError):
            return None
    return min(max(seconds, 0.0), _DAY) if math.isfinite(seconds) else None


def leads_to(url: str, location: str) -> SplitResult:
    """Where a ``Location`` leads from ``url``; nowhere, if it is no address."""
    try:
        return urlsplit(urljoin(url, location))
    except ValueError:
        return SplitResult("", "", "", "", "")


def redirected(url: str, status: int, location: str, kind: str) -> Trouble:
    """What a redirect means. It is not followed (decisions.md 32)."""
    there = leads_to(url + "/", location)
    here = urlsplit(url)
    elsewhere = bool(there.netloc) and there[:2] != here[:2]
    to_https = there.scheme == "https" and there.hostname == here.hostname
    # Over a checked certificate it is the server itself that sends elsewhere.
    network = here.scheme == "http" and elsewhere and not to_https
    passing = status in (302, 303, 307) or _PORTAL.search(location.encode("utf-8", "replace"))
    if network and (passing or is_page(kind, b"")):
        return Trouble(Kind.CAPTIVE, "redirect", status=status)
    return Trouble(Kind.REDIRECT, "elsewhere" if elsewhere else "same server", status=status)


def page_kind(plain: bool, body: bytes, *, known: bool) -> Kind:
    """What a page in place of an answer means.

    ``known``: a Hikma server answered here before. Over a checked certificate nobody stands in
    between, so there the server (or its proxy) is in trouble; without TLS it is the network.
    """
    if plain and (known or _PORTAL.search(body[:4096])):
        return Kind.CAPTIVE
    return Kind.SERVER if known else Kind.NOT_HIKMA


def by_status(status: int, headers: Mapping[str, str], kind: str, body: bytes) -> Trouble | None:
    """Trouble that any server or proxy may answer with; None where the dialect has to look."""
    wait = retry_after(headers)
    if status == 511:
        return Trouble(Kind.CAPTIVE, "511", status=status)
    if status == 429:
        return Trouble(Kind.LIMIT, retry_after=wait, status=status)
    if status in (502, 503, 504) or (status >= 500 and is_page(kind, body)):
        return Trouble(Kind.SERVER, "gateway or page", retry_after=wait, status=status)
    if status == 407:
        return Trouble(Kind.NO_NETWORK, "the proxy wants a password", status=status)
    return None


def _causes(error: BaseException) -> Iterator[BaseException]:
    found: BaseException | None = error
    for _ in range(10):
        if found is None:
            return
        yield found
        found = found.__cause__ or found.__context__


def tls_error(error: BaseException) -> ssl.SSLError | None:
    """The TLS failure behind an error; not the ends of a connection, which are no proof of it."""
    for cause in _causes(error):
        if isinstance(cause, ssl.SSLError) and not isinstance(
            cause, ssl.SSLEOFError | ssl.SSLZeroReturnError | ssl.SSLWantReadError
        ):
            return cause
    return None


def connecting(error: Exception) -> bool:
    """Whether no connection was made yet."""
    import httpx

    return isinstance(error, httpx.ConnectError | httpx.ProxyError)


def transport(error: Exception) -> Trouble:
    """An error of httpx or the system; the name of its class is all that is told."""
    import httpx

    name = type(error).__name__
    said = str(error)
    if isinstance(error, httpx.ConnectTimeout | httpx.ConnectError | httpx.ProxyError):
        return Trouble(Kind.NO_NETWORK, name)
    if isinstance(error, httpx.TimeoutException):
        return Trouble(Kind.TIMEOUT, name)
    if isinstance(error, httpx.RemoteProtocolError):
        ended = "peer closed" in said or "disconnected" in said
        return Trouble(Kind.CUT if ended else Kind.GARBAGE, name)
    if isinstance(error, httpx.DecodingError):
        return Trouble(Kind.GARBAGE, name)
    if isinstance(error, httpx.InvalidURL | httpx.UnsupportedProtocol | httpx.LocalProtocolError):
        return Trouble(Kind.BAD_TEXT, name)
    if isinstance(error, httpx.NetworkError | httpx.StreamError):
        return Trouble(Kind.CUT, name)
    return Trouble(Kind.NO_NETWORK, name)
