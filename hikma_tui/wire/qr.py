"""The text of a registration code (wire.md A1, Part B): the address of a server, and nothing else.

Pure. What was pasted, scanned or typed comes in every state: with what a terminal puts around a
paste, broken over two lines, in quotes, with the path of the page it was copied from.
"""

from __future__ import annotations

import ipaddress
import json
import re
import unicodedata
from dataclasses import dataclass
from urllib.parse import urlsplit

from hikma_tui.wire.shapes import Kind, Trouble

MOST = 4096  # characters; a code holds at most 2,953 bytes

# Pages of the portal and endpoints of both servers: what begins with one of these is no part of
# where the server is installed. So a server installed under /app must be given without it.
_OWN_PATHS = frozenset(
    {"admin", "api", "app", "assets", "auth", "dashboard", "login", "rpc", "settings", "sign-in",
     "v1"}
)  # fmt: skip
_QUOTES = "\"'`\u201c\u201d\u2018\u2019\u00ab\u00bb\u201e\u201a<>"
_PASTE = re.compile(r"(?:\x1b|\^\[|\u241b)?\[20[01]~")
_ESCAPE = re.compile(r"\x1b\[[0-?]*[ -/]*[@-~]")
_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*:", re.IGNORECASE)
_LABEL = re.compile(r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?")
_SEGMENT = re.compile(r"[A-Za-z0-9_~-][A-Za-z0-9._~-]*")
_OWN_NETWORKS = tuple(
    ipaddress.ip_network(network)
    for network in ("127.0.0.0/8", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16",
                    "169.254.0.0/16", "::1/128", "fc00::/7", "fe80::/10")
)  # fmt: skip


@dataclass(frozen=True)
class Code:
    """Where a server is.

    Attributes:
        url: Scheme, host, port if it is not the usual one, and the path under which the server is
            installed, if any; no slash at the end. A name outside ASCII is in its ``xn--`` form, so
            that it can't be mistaken for another that looks like it.
        plain: Without TLS. Ask before using it.
        private: The host is ``localhost`` or an address of the own network.
    """

    url: str
    plain: bool
    private: bool


def read(text: str) -> Code:
    """The server that a code names.

    An address without a scheme is one with ``https``. ``http`` is for ``localhost`` and for literal
    addresses of the own network; what a name leads to is decided by whoever answers for names, so a
    name never is. A name and a password in the address are refused: it is shown and written down.

    Raises:
        Trouble: BAD_TEXT, HUB (the code of a local hub) or PLAIN_HTTP (to anywhere else).
    """
    found = _cleaned(text)
    if found.startswith("{"):
        raise Trouble(_json_kind(found), "a JSON text")
    if not _SCHEME.match(found) or _host_and_port(found):
        if not re.match(r"localhost|[^/?#]*[.:]", found, re.IGNORECASE):
            raise _bad("a word")  # which may be a host, but "hello" is not meant as one
        found = f"https://{found}"
    if found.count("://") != 1 or "\\" in found or " " in found:
        raise _bad("no address")
    try:
        split = urlsplit(found)
        scheme, user, port = split.scheme, split.username, split.port
        host = split.hostname or ""
    except ValueError:
        raise _bad("no address") from None
    if scheme not in ("https", "http"):
        raise _bad("another scheme")
    if user is not None or "@" in split.netloc:
        raise _bad("a name or password in it")
    if port == 0 or split.netloc.endswith(":"):
        raise _bad("the port")
    name, private = _host(host)
    if scheme == "http" and not private:
        raise Trouble(Kind.PLAIN_HTTP, "a public address")
    usual = {"https": 443, "http": 80}[scheme]
    at = f":{port}" if port not in (None, usual) else ""
    return Code(f"{scheme}://{name}{at}{_path(split.path)}", scheme == "http", private)


def _bad(why: str) -> Trouble:
    return Trouble(Kind.BAD_TEXT, why)


def _cleaned(text: str) -> str:
    """The text without what pasting put into it. Lines are one line again, without what wrapping
    left at their ends; a space inside a line stays, and makes it no address.
    """
    if len(text) > MOST * 4:
        raise _bad("too long")
    text = _ESCAPE.sub("", _PASTE.sub("", text))
    lines = [
        "".join(_seen(character) for character in line).strip()
        for line in re.split(r"[\r\n\v\f\x85\u2028\u2029]+", text)
    ]
    found = "".join(lines).strip(_QUOTES + " ")
    if not found or len(found) > MOST:
        raise _bad("empty or too long")
    return found


def _seen(character: str) -> str:
    """A character as an eye sees it: nothing for controls, marks of direction and zero width."""
    category = unicodedata.category(character)
    if category == "Zs" or character == "\t":
        return " "
    return "" if category in ("Cc", "Cf") else character


def _json_kind(text: str) -> Kind:
    """HUB for a hub's code, whole or cut off; else BAD_TEXT."""
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return Kind.HUB if re.search(r'"type"\s*:\s*"sync_hub"', text) else Kind.BAD_TEXT
    hub = isinstance(value, dict) and value.get("type") == "sync_hub"
    return Kind.HUB if hub else Kind.BAD_TEXT


def _host_and_port(text: str) -> bool:
    """Whether what looks like a scheme is a host, as in ``localhost:3000``."""
    return re.match(r"[^:/?#]+:\d{1,5}(?:[/?#]|$)", text) is not None


def _host(host: str) -> tuple[str, bool]:
    """How the host is written in an address, and whether it is of the own network."""
    if ":" in host:
        try:
            six = ipaddress.IPv6Address(host)
        except ValueError:
            raise _bad("the host") from None
        if six.scope_id is not None:
            raise _bad("a zone in the address")
        return f"[{six.compressed}]", _own(six.ipv4_mapped or six)
    name = _ascii(host.rstrip("."))
    if name == "localhost":
        return name, True
    try:
        four = ipaddress.IPv4Address(name)
    except ValueError:
        pass
    else:
        return str(four), _own(four)
    labels = name.split(".")
    if len(name) > 253 or not all(_LABEL.fullmatch(label) for label in labels):
        raise _bad("the host")
    # 2130706433, 127.1 and 0x7f000001 are addresses to some programs and names to others.
    if re.fullmatch(r"\d+|0x[0-9a-f]*", labels[-1]):
        raise _bad("the host")
    return name, False


def _ascii(host: str) -> str:
    """``xn--`` form. Refused: the two letters that old and new rules turn into different names."""
    if host.isascii():
        return host.lower()
    if "ß" in host or "ς" in host:
        raise _bad("the host")
    try:
        return host.encode("idna").decode("ascii").lower()
    except UnicodeError:
        raise _bad("the host") from None


def _own(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    return any(
        address in network for network in _OWN_NETWORKS if network.version == address.version
    )


def _path(path: str) -> str:
    """Under which path the server is installed: the segments before the first page of its own."""
    kept: list[str] = []
    for segment in path.split("/"):
        if segment.lower() in _OWN_PATHS:
            break
        if not segment:
            continue
        if not _SEGMENT.fullmatch(segment):
            raise _bad("the path")
        kept.append(segment)
    return "".join(f"/{segment}" for segment in kept)
