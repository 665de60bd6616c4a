"""How a connection is made: the name looked up and the line opened under a limit and a cancel.

The system's look-up of a name knows neither: where no name server answers it takes half a minute
and longer. So it runs in a thread of its own, which nobody waits for any more once the time is up
or the user wants to stop. httpx takes everything else (requests, TLS, pieces) as it always does.

Loads httpx and httpcore: imported only when a client is made.
"""

from __future__ import annotations

import ipaddress
import socket
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from typing import Any, Generic, TypeVar

import httpcore
import httpx

from hikma_tui.wire.shapes import Kind, Trouble

T = TypeVar("T")

LOOK_UP = 10.0  # seconds in which a name must be found
_LOOK = 0.05  # seconds between looks: what a cancel may take


class Transport(httpx.BaseTransport):
    """httpx over connections that ``Reach`` opens.

    Args:
        proxy: A proxy's URL, or None. ValueError for one that is none, ImportError for SOCKS.
        pool: What httpcore's pools take: ``ssl_context``, ``max_connections``, ...
    """

    def __init__(self, proxy: str | None, cancelled: Callable[[], bool], **pool: Any) -> None:
        reach = Reach(cancelled)
        if proxy is None:
            self._pool = httpcore.ConnectionPool(network_backend=reach, **pool)
            return
        told = httpx.Proxy(proxy)  # knows which there are, and takes name and password out
        if told.url.scheme not in ("http", "https"):
            raise ImportError("socks")
        self._pool = httpcore.HTTPProxy(
            proxy_url=_url(told.url), proxy_auth=told.raw_auth, network_backend=reach, **pool
        )

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """One exchange."""
        asked = httpcore.Request(
            request.method,
            _url(request.url),
            headers=request.headers.raw,
            content=request.stream,
            extensions=request.extensions,
        )
        with _as_httpx():
            answer = self._pool.handle_request(asked)
        return httpx.Response(
            answer.status,
            headers=answer.headers,
            stream=_Stream(answer.stream),
            extensions=answer.extensions,
        )

    def close(self) -> None:
        """Close the connections."""
        self._pool.close()


class _Stream(httpx.SyncByteStream):
    def __init__(self, stream: Any) -> None:
        self._stream = stream

    def __iter__(self) -> Iterator[bytes]:
        with _as_httpx():
            yield from self._stream

    def close(self) -> None:
        self._stream.close()


def _url(url: httpx.URL) -> httpcore.URL:
    return httpcore.URL(
        scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path
    )


@contextmanager
def _as_httpx() -> Iterator[None]:
    """The errors of httpcore under the same names of httpx."""
    try:
        yield
    except Exception as error:
        same = getattr(httpx, type(error).__name__, None)
        if type(error).__module__.startswith("httpcore") and same is not None:
            raise same(str(error)) from error
        raise


class Reach(httpcore.NetworkBackend):
    """Opens connections; each of the addresses of a name gets its share of the time."""

    def __init__(self, cancelled: Callable[[], bool]) -> None:
        self._cancelled, self._system = cancelled, httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        """Connected. Trouble NO_NAME and CANCELLED; ConnectError, ConnectTimeout."""
        limit = LOOK_UP if timeout is None else timeout
        addresses = self._found(host, port, min(limit, LOOK_UP))
        end = time.monotonic() + limit
        for number, address in enumerate(addresses):
            left = max(end - time.monotonic(), 0.01) / (len(addresses) - number)
            opening = _Aside(
                partial(
                    self._system.connect_tcp, address, port, left, local_address, socket_options
                ),
                lambda stream: stream.close(),
            )
            try:
                return opening.wait(left + 1.0, self._cancelled)
            except TimeoutError:
                error: Exception = httpcore.ConnectTimeout("no connection")
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as refused:
                error = refused
            if number == len(addresses) - 1:
                raise error
        raise httpcore.ConnectError("no address")

    def _found(self, host: str, port: int, limit: float) -> list[str]:
        """The addresses of a name, in the system's order."""
        with suppress(ValueError):
            return [str(ipaddress.ip_address(host))]
        looking = _Aside(lambda: socket.getaddrinfo(host, port, type=socket.SOCK_STREAM))
        try:
            found = looking.wait(limit, self._cancelled)
        except TimeoutError:
            raise Trouble(Kind.NO_NAME, f"no answer in {limit:.0f} s") from None
        except OSError as error:
            raise Trouble(Kind.NO_NAME, f"{type(error).__name__} {error.errno}") from None
        except UnicodeError as error:
            raise Trouble(Kind.BAD_TEXT, type(error).__name__) from None
        return list(dict.fromkeys(str(one[4][0]) for one in found))


class _Aside(Generic[T]):
    """Something that may hang, done in a thread that may be left alone.

    ``late`` is given what it brings after nobody waits any more.
    """

    def __init__(self, act: Callable[[], T], late: Callable[[T], object] | None = None) -> None:
        self._act, self._late = act, late
        self._lock, self._done, self._left = threading.Lock(), threading.Event(), False
        self._brought: list[T] = []
        self._error: Exception | None = None
        threading.Thread(target=self._run, daemon=True, name="wire-reach").start()

    def _run(self) -> None:
        brought: list[T] = []
        try:
            brought.append(self._act())
        except Exception as error:  # told by ``wait`` on the thread that asked
            self._error = error
        with self._lock:
            self._brought, left = brought, self._left
            self._done.set()
        if left and self._late is not None:
            with suppress(Exception):
                for one in brought:
                    self._late(one)

    def wait(self, seconds: float, cancelled: Callable[[], bool]) -> T:
        """What it brought. Its own error; TimeoutError; Trouble CANCELLED."""
        end = time.monotonic() + seconds
        while not self._done.wait(max(0.0, min(_LOOK, end - time.monotonic()))):
            stop = cancelled()
            if stop or time.monotonic() >= end:
                with self._lock:
                    if self._done.is_set():
                        break  # it came this very moment
                    self._left = True
                if stop:
                    raise Trouble(Kind.CANCELLED, "while connecting")
                raise TimeoutError
        if self._error is not None:
            raise self._error
        return self._brought[0]
