"""One HTTP client for all dialects: TLS checked, no redirect followed, everything bounded.

httpx stays behind this module, and is loaded when a client is made, not before. Whatever goes wrong
comes out as ``Trouble`` with a kind; no text in it is from a body, a header or a password.
"""

from __future__ import annotations

import base64
import json
import ssl
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode, urlsplit

from hikma_tui import __version__
from hikma_tui.wire import answers, tls
from hikma_tui.wire.body import Pull
from hikma_tui.wire.proxy import proxy_for
from hikma_tui.wire.shapes import Credentials, Kind, Traffic, Trouble
from hikma_tui.wire.watch import Line, Watch

if TYPE_CHECKING:
    import httpx

MOST = 1 << 20  # bytes of an answer that is no pull
_CONNECT = 10.0  # seconds until somebody must have answered at all
_PATIENCE = 4  # so many timeouts may a small exchange take in all, and a server think
_KEPT = 3.0  # seconds; Node closes an idle connection after five


def never() -> bool:
    """Nobody cancels."""
    return False


@dataclass(frozen=True)
class Options:
    """How to reach a server.

    Attributes:
        ca_file: PEM file of a private authority, trusted beside the system's.
        proxy: URL of a proxy; "" takes the environment's (HTTPS_PROXY, NO_PROXY), for https only.
        timeout: Seconds of silence between two pieces of bytes.
        max_bytes: The most that a pull may bring; 0 for no limit.
        cancelled: Asked ten times a second while a request runs, by a thread of its own; when it
            says yes the connection is shut.
    """

    ca_file: str = ""
    proxy: str = ""
    timeout: float = 30.0
    max_bytes: int = 0
    cancelled: Callable[[], bool] = never


@dataclass(frozen=True)
class Answer:
    """A whole answer. Header names are lower-case."""

    status: int
    type: str
    headers: Mapping[str, str]
    body: bytes = field(repr=False)

    @property
    def is_json(self) -> bool:
        """Whether it says that it is JSON."""
        return answers.is_json(self.type)

    def json(self) -> Any:
        """Its value. Trouble GARBAGE."""
        try:
            return json.loads(self.body)
        except (ValueError, RecursionError) as error:
            raise Trouble(
                Kind.GARBAGE, f"answer: {type(error).__name__}", status=self.status
            ) from None


class Client:
    """Speaks to one server and to no other. Trouble BAD_TEXT, PLAIN_HTTP, CERTIFICATE when made.

    Args:
        url: As ``wire.qr.read`` gives it; plain http to private addresses only.
        credentials: Shown as Basic where a request says so. After the certificate was checked,
            since nothing of a request is sent before.
    """

    def __init__(self, url: str, options: Options, credentials: Credentials | None = None) -> None:
        from hikma_tui.wire import qr  # refuses plain http to a public address here too

        self.url = qr.read(url).url
        self.plain = self.url.startswith("http://")
        self.options, self.traffic = options, Traffic()
        self._credentials, self._line = credentials, Line()
        self._http = self._made(None if self.plain else tls.context(options.ca_file))

    def _made(self, checking: ssl.SSLContext | None) -> httpx.Client:
        import httpx  # 70 ms: only who needs a network pays for it

        from hikma_tui.wire.transport import Transport

        timeout = max(self.options.timeout, 0.01)
        try:
            return httpx.Client(
                transport=Transport(
                    proxy_for(self.url, self.options.proxy),
                    self.options.cancelled,
                    ssl_context=checking or ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT),
                    max_connections=1,
                    max_keepalive_connections=1,
                    keepalive_expiry=_KEPT,
                ),
                trust_env=False,
                follow_redirects=False,
                # Between pieces the watch is stricter; this is for what happens before them.
                timeout=httpx.Timeout(
                    timeout * _PATIENCE * 3, connect=min(_CONNECT, timeout), write=timeout
                ),
                headers={"User-Agent": f"hikma-tui/{__version__}", "Accept": "application/json"},
            )
        except (ValueError, ImportError, httpx.InvalidURL) as error:
            raise Trouble(Kind.PROXY, f"proxy setting: {type(error).__name__}") from None

    def close(self) -> None:
        """Close the connection."""
        self._http.close()

    def ask(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, Any] | None = None,
        body: bytes | None = None,
        signed: bool = False,
    ) -> Answer:
        """One request, its whole answer of any status but a redirect. Trouble.

        ``signed`` sends the credentials.
        """
        with self._exchange(method, path, query, body, signed) as (response, watch):
            watch.end_in(self.options.timeout * _PATIENCE)
            found = bytearray()
            with self._translated(watch):
                for piece in response.iter_bytes():
                    found += piece
                    if len(found) > MOST:
                        raise Trouble(Kind.TOO_LARGE, "answer", status=response.status_code)
            self.traffic.down += len(found)
            headers = {name.lower(): value for name, value in response.headers.items()}
            return Answer(response.status_code, answers.type_of(headers), headers, bytes(found))

    @contextmanager
    def stream(
        self, path: str, query: Mapping[str, Any], *, large: bool
    ) -> Iterator[tuple[Answer, Pull]]:
        """A signed GET of any size: its head (with an empty body), and its body as it comes.

        Where the status is not 200 or it is no JSON, the head has the body's beginning. The server
        makes the whole body before it sends its first byte: for a ``large`` one it gets longer.
        """
        with self._exchange(
            "GET",
            path,
            query,
            None,
            True,
            packed=True,
            patience=3 * _PATIENCE if large else _PATIENCE,
        ) as (response, watch):
            headers = {name.lower(): value for name, value in response.headers.items()}
            pull = Pull(
                response.iter_raw(),
                headers,
                watch,
                self.options.timeout,
                self.options.max_bytes,
                lambda: self._translated(watch),
            )
            kind = answers.type_of(headers)
            start = b""
            if response.status_code != 200 or not answers.is_json(kind):
                watch.end_in(self.options.timeout * _PATIENCE)
                for piece in pull:
                    start += piece
                    if len(start) >= 4096:
                        break
            try:
                yield Answer(response.status_code, kind, headers, start[:4096]), pull
            finally:
                self.traffic.down += pull.received

    @contextmanager
    def _exchange(
        self,
        method: str,
        path: str,
        query: Mapping[str, Any] | None,
        body: bytes | None,
        signed: bool,
        *,
        packed: bool = False,
        patience: int = _PATIENCE,
    ) -> Iterator[tuple[httpx.Response, Watch]]:
        """Send, follow nothing but a trailing slash of the same server, and close at the end."""
        target = self.url + path + (f"?{urlencode(query)}" if query else "")
        with Watch(self._line, self.options.cancelled) as watch:
            seconds = self.options.timeout * patience
            response = self._sent(watch, seconds, method, target, body, signed, packed)
            try:
                slashed = self._slashed(target, response)
                if slashed:
                    response.close()
                    response = self._sent(watch, seconds, method, slashed, body, signed, packed)
                if response.is_redirect or 300 <= response.status_code < 400:
                    raise answers.redirected(
                        self.url,
                        response.status_code,
                        response.headers.get("location", ""),
                        answers.type_of(response.headers),
                    )
                yield response, watch
            finally:
                with suppress(Exception):
                    response.close()

    def _sent(
        self,
        watch: Watch,
        patience: float,
        method: str,
        target: str,
        body: bytes | None,
        signed: bool,
        packed: bool,
    ) -> httpx.Response:
        headers = {"Accept-Encoding": "gzip" if packed else "identity"}
        if body is not None:
            headers["Content-Type"] = "application/json"
        if signed:
            headers["Authorization"] = self._basic()
        request = self._http.build_request(
            method,
            target,
            content=body,
            headers=headers,
            extensions={"trace": self._line.trace, "timeout": self._http.timeout.as_dict()},
        )
        self.traffic.requests += 1
        self.traffic.up += len(body or b"")
        # While a large body goes up, each piece has its own limit (write); the answer's begins
        # to count with the first byte sent, so the upload is granted a slow line's time.
        watch.wait(patience + len(body or b"") / 1000)
        with self._translated(watch):
            response = self._http.send(request, stream=True)
        watch.came()
        self._http.cookies.clear()  # a session of the portal is none of ours
        self.traffic.clock_off = tls.seconds_off(response.headers.get("date"))
        return response

    def _basic(self) -> str:
        if self._credentials is None or not self._credentials.password:
            raise Trouble(Kind.NO_PASSWORD)
        pair = f"{self._credentials.email}:{self._credentials.password}"
        return "Basic " + base64.b64encode(pair.encode("utf-8", "surrogatepass")).decode("ascii")

    def _slashed(self, target: str, response: httpx.Response) -> str:
        """The same address with a trailing slash more or less, where the server asks for it."""
        if response.status_code not in (301, 302, 307, 308):
            return ""
        wanted = answers.leads_to(target, response.headers.get("location", ""))
        had = urlsplit(target)
        same = (wanted.scheme, wanted.netloc) == (had.scheme, had.netloc)
        if not same or wanted.path == had.path or wanted.path.strip("/") != had.path.strip("/"):
            return ""
        return had._replace(path=wanted.path).geturl()

    @contextmanager
    def _translated(self, watch: Watch) -> Iterator[None]:
        """Whatever httpx, TLS or the system raises becomes Trouble."""
        import httpx

        try:
            yield
        except Trouble:
            raise
        except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError, OSError, ValueError) as error:
            watch.check()
            raise self._trouble(error) from None
        watch.check()

    def _trouble(self, error: Exception) -> Trouble:
        behind = answers.tls_error(error)
        refused = isinstance(behind, ssl.SSLCertVerificationError)
        if behind is None or not (refused or answers.connecting(error)):
            return answers.transport(error)
        kind = tls.kind_of(behind)
        if kind is Kind.CERTIFICATE and refused:
            if tls.expired(behind) and self._clock_ahead():
                kind = Kind.CLOCK
            elif self.portal_in_between():
                kind = Kind.CAPTIVE
        # OpenSSL's own word; it names hosts at most.
        return Trouble(kind, getattr(behind, "verify_message", "") or behind.reason or "TLS")

    def _unsigned(self, url: str, context: ssl.SSLContext | None) -> httpx.Response | None:
        """One HEAD without any secret, to tell why a certificate failed; None for no answer."""
        import httpx

        from hikma_tui.wire.transport import Transport

        checking = context or ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        way = proxy_for(self.url, self.options.proxy)
        try:
            transport = Transport(way, self.options.cancelled, ssl_context=checking)
            timeout = min(5.0, self.options.timeout)
            with httpx.Client(transport=transport, timeout=timeout, trust_env=False) as client:
                return client.head(url)
        except (httpx.HTTPError, httpx.InvalidURL, OSError, ValueError):
            return None
        except Trouble as trouble:
            if trouble.kind is Kind.CANCELLED:
                raise
            return None

    def _clock_ahead(self) -> bool:
        """Whether the other side says that it is earlier by days: for a sentence, no proof."""
        response = self._unsigned(self.url, tls.unchecked())
        return response is not None and tls.clock_ahead(response.headers.get("date"))

    def portal_in_between(self, port: int = 80) -> bool:
        """Whether the network answers plain http for the server with a page of somebody else."""
        host = urlsplit(self.url).hostname or ""
        host = f"[{host}]" if ":" in host else host
        response = self._unsigned(f"http://{host}:{port}/", None)
        if response is None:
            return False
        if response.status_code == 511:
            return True
        there = answers.leads_to(self.url, response.headers.get("location", "")).hostname
        return response.is_redirect and bool(there) and there != urlsplit(self.url).hostname


@contextmanager
def opened(url: str, options: Options, credentials: Credentials | None = None) -> Iterator[Client]:
    """A client, closed at the end."""
    client = Client(url, options, credentials)
    try:
        yield client
    finally:
        client.close()
