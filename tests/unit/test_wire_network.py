"""What networks and strange servers do, which the double does not."""

from __future__ import annotations

import gzip
import json
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hikma_tui.wire import answers
from hikma_tui.wire.door import open_server
from hikma_tui.wire.http import Options
from hikma_tui.wire.probe import look
from hikma_tui.wire.proxy import proxy_for
from hikma_tui.wire.shapes import Credentials, Kind, Trouble
from tests.unit.wire_talk import ME, acts, talking, trouble

# A server of one's own making, for what the double does not do


class Odd(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    answer: Callable[[Odd], None]
    asked: list[tuple[str, str, str]]

    def log_message(self, format: str, *args: object) -> None:
        """Nothing."""

    def _serve(self) -> None:
        self.rfile.read(int(self.headers.get("content-length") or 0))
        type(self).asked.append((self.command, self.path, self.headers.get("authorization", "")))
        type(self).answer(self)

    do_GET = do_POST = do_HEAD = _serve

    def say(self, status: int, body: bytes = b"", **headers: str) -> None:
        self.send_response_only(status)
        headers = {"content_type": "application/json", "content_length": str(len(body))} | headers
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(body)


@contextmanager
def odd(answer: Callable[[Odd], None]) -> Iterator[tuple[str, list[tuple[str, str, str]]]]:
    asked: list[tuple[str, str, str]] = []
    handler = type("Handler", (Odd,), {"answer": staticmethod(answer), "asked": asked})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    server.block_on_close = False
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}", asked
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def pull_from(answer: Callable[[Odd], None], **options: Any) -> bytes:
    with (
        odd(answer) as (url, _asked),
        open_server(url, "v3", ME, Options(**{"timeout": 5.0, **options})) as server,
        server.pull(0) as body,
    ):
        return b"".join(body)


TEXT = json.dumps({"changes": {}, "x": list(range(400_000))}).encode()


def test_a_packed_body_is_unpacked() -> None:
    packed = gzip.compress(TEXT[:1_000_000]) + gzip.compress(TEXT[1_000_000:])
    assert pull_from(lambda to: to.say(200, packed, content_encoding="gzip")) == TEXT


def test_a_packed_body_that_is_cut_or_broken() -> None:
    packed = gzip.compress(TEXT)

    def cut(to: Odd) -> None:
        to.say(200, packed[:-100], content_encoding="gzip")

    def broken(to: Odd) -> None:
        to.say(200, packed[:500] + b"\0" * 500, content_encoding="gzip")

    assert trouble(lambda: pull_from(cut)).kind is Kind.CUT
    assert trouble(lambda: pull_from(broken)).kind in {Kind.GARBAGE, Kind.CUT}
    other = trouble(lambda: pull_from(lambda to: to.say(200, TEXT, content_encoding="br")))
    assert other.kind is Kind.GARBAGE


def test_a_small_packed_body_does_not_fill_the_memory() -> None:
    bomb = gzip.compress(b" " * 50_000_000)

    def limited() -> bytes:
        return pull_from(lambda to: to.say(200, bomb, content_encoding="gzip"), max_bytes=3_000_000)

    assert trouble(limited).kind is Kind.TOO_LARGE


def test_pieces_are_bounded() -> None:
    with (
        odd(lambda to: to.say(200, gzip.compress(b" " * 9_000_000), content_encoding="gzip")) as (
            url,
            _asked,
        ),
        open_server(url, "v3", ME, Options()) as server,
        server.pull(0) as body,
    ):
        assert max(len(piece) for piece in body) <= 2 << 20


def test_a_trickle_ends() -> None:
    """A byte now and then is no silence, and no transfer either."""

    def trickle(to: Odd) -> None:
        to.send_response_only(200)
        to.send_header("Content-Type", "application/json")
        to.send_header("Content-Length", "100000")
        to.end_headers()
        for _ in range(200):
            to.wfile.write(b" ")
            to.wfile.flush()
            time.sleep(0.05)

    start = time.monotonic()
    assert trouble(lambda: pull_from(trickle, timeout=0.2)).kind is Kind.TIMEOUT

    def head(to: Odd) -> None:
        for _ in range(200):
            to.wfile.write(b"H")
            to.wfile.flush()
            time.sleep(0.05)

    assert trouble(lambda: pull_from(head, timeout=0.1)).kind in {Kind.TIMEOUT, Kind.GARBAGE}

    def asked() -> None:
        with odd(trickle) as (url, _), open_server(url, "v3", ME, Options(timeout=0.2)) as server:
            server.alive()

    assert trouble(asked).kind is Kind.TIMEOUT
    assert time.monotonic() - start < 8


def test_an_endless_small_answer_ends() -> None:
    with (
        odd(lambda to: to.say(200, b" " * 3_000_000)) as (url, _asked),
        open_server(url, "v3", ME, Options(timeout=3)) as server,
    ):
        assert trouble(server.alive).kind is Kind.TOO_LARGE


def to_slash(to: Odd) -> None:
    if to.path.split("?")[0].endswith("/"):
        to.say(200, b'{"success":true}')
    else:
        path, mark, query = to.path.partition("?")
        to.say(308, location=f"{path}/{mark}{query}")


def test_a_trailing_slash_is_followed_and_nothing_else() -> None:
    with odd(to_slash) as (url, asked), open_server(url, "v3", ME, Options()) as server:
        server.push({"patients": {}})
        assert [path for _method, path, _basic in asked] == [
            "/api/v2/sync?last_pulled_at=0",
            "/api/v2/sync/?last_pulled_at=0",
        ]


@pytest.mark.parametrize(
    ("status", "location", "kind"),
    [
        (302, "http://hotspot.example/login", Kind.CAPTIVE),
        (307, "http://10.9.9.9:8000/", Kind.CAPTIVE),
        (301, "http://new.example.org/api/v2/sync", Kind.REDIRECT),
        (301, "/login", Kind.REDIRECT),
        (302, "", Kind.REDIRECT),
        (308, "https://127.0.0.1/", Kind.REDIRECT),
        (302, "http://[broken", Kind.REDIRECT),
        (304, "", Kind.REDIRECT),
    ],
)
def test_redirects(status: int, location: str, kind: Kind) -> None:
    def away(to: Odd) -> None:
        to.say(status, location=location)

    with odd(away) as (url, asked), open_server(url, "v3", ME, Options()) as server:
        assert trouble(lambda: server.push({})).kind is kind
        assert trouble(lambda: look(url, Options())).kind is kind
        assert len(asked) == 2


def test_too_much_for_a_proxy_can_be_halved() -> None:
    def full(to: Odd) -> None:
        to.say(413, b"<html>413 Request Entity Too Large", content_type="text/html")

    for dialect in ("v3", "flask"):
        with odd(full) as (url, _asked), open_server(url, dialect, ME, Options()) as server:
            found = trouble(acts(server)["push"])
            assert (found.kind, found.status) == (Kind.REFUSED, 413)


def test_a_proxy_that_wants_a_password_of_its_own() -> None:
    """It is not the nurse's password that is wrong."""

    def guarded(to: Odd) -> None:
        to.say(401, b"<html>401", content_type="text/html", www_authenticate="Basic realm=x")

    for dialect in ("v3", "flask"):
        with odd(guarded) as (url, _asked), open_server(url, dialect, ME, Options()) as server:
            for act in acts(server).values():
                assert trouble(act).kind is Kind.SERVER


def test_a_push_that_was_answered_was_answered_although_it_was_cancelled() -> None:
    stop = threading.Event()

    def late(to: Odd) -> None:
        stop.set()
        to.say(200, b'{"success":true}')

    with (
        odd(late) as (url, _asked),
        open_server(url, "v3", ME, Options(cancelled=stop.is_set)) as server,
    ):
        server.push({"patients": {}})
        assert trouble(server.alive).kind is Kind.CANCELLED


def test_a_page_of_some_device_is_not_hikma() -> None:
    def router(to: Odd) -> None:
        to.say(200, b"<html><title>Router</title>", content_type="text/html")

    with odd(router) as (url, _asked):
        assert trouble(lambda: look(url, Options())).kind is Kind.NOT_HIKMA


def test_another_api_is_not_hikma() -> None:
    for status, body in ((404, b'{"message":"Endpoint not found."}'), (200, b'{"status":"ok"}'),
                         (404, b"no"), (403, b"{}"), (200, b"[]")):  # fmt: skip
        with odd(lambda to, status=status, body=body: to.say(status, body)) as (url, _asked):  # type: ignore[misc]
            assert trouble(lambda url=url: look(url, Options())).kind is Kind.NOT_HIKMA  # type: ignore[misc]


def test_no_http_at_all() -> None:
    def nonsense(to: Odd) -> None:
        to.wfile.write(b"SSH-2.0-OpenSSH_9.2\r\n\r\n")
        to.close_connection = True

    with odd(nonsense) as (url, _asked):
        found = trouble(lambda: look(url, Options()))
        assert found.kind in {Kind.NOT_HIKMA, Kind.GARBAGE}


@contextmanager
def raw_port(answer: bytes) -> Iterator[str]:
    """A port that gives these bytes to whoever connects, and hangs up."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            with suppress(OSError):
                while True:
                    connection, _ = listener.accept()
                    with connection, suppress(OSError):
                        connection.recv(65536)
                        connection.sendall(answer)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        listener.shutdown(socket.SHUT_RDWR)
        thread.join()


HEADS = st.lists(
    st.sampled_from(
        [
            b"Content-Type: application/json", b"Content-Type: text/html", b"Content-Length: 5",
            b"Content-Length: 99999999999999999999999", b"Content-Length: -1",
            b"Content-Encoding: gzip", b"Content-Encoding: br", b"Transfer-Encoding: chunked",
            b"Set-Cookie: =;=", b"Set-Cookie: a=b; Expires=x", b"Location: http://[x",
            b"Location: /api/v2/sync/", b"Retry-After: x", b"Date: x", b"Date: 1 1 1 1",
            b"Connection: close", b"X\xff: \xff", b"Content-Type: \xff\xfe",
        ]
    )
)  # fmt: skip
ODD_STATUS = b"100 101 204 302 304 308 401 404 429 500 511 999 x".split()
STATUS = st.just(b"200") | st.sampled_from(ODD_STATUS)
BODIES = st.binary(max_size=40) | st.sampled_from(
    [
        b"{}", b"[]", b"null", b"5\r\n{}   \r\n0\r\n\r\n", b"[" * 20_000, gzip.compress(b"{}"),
        b'{"status":"ok","success":true,"ok":true,"user":{"id":1},"changes":[],"message":7}',
        b'{"success":true,"user":{"id":"a","email":"b","name":[]},"message":{},"status":[]}',
    ]
)  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(STATUS, HEADS, BODIES, st.sampled_from(["json", "json", "any", "bare"]))
def test_no_answer_does_harm(status: bytes, heads: list[bytes], body: bytes, how: str) -> None:
    """Any bytes from the server: Trouble or a value, never another exception."""
    heads = [b"Content-Type: application/json", *heads] if how == "json" else heads
    answer = b"HTTP/1.1 " + status + b" x\r\n" + b"".join(h + b"\r\n" for h in heads) + b"\r\n"
    with raw_port(body if how == "bare" else answer + body) as url:
        for dialect in ("v3", "flask"):
            with open_server(url, dialect, ME, Options(timeout=0.5)) as server:
                for act in (server.sign_in, server.alive, lambda server=server: server.push({})):
                    with suppress(Trouble):
                        act()
                with suppress(Trouble), server.pull(0) as pulled:
                    b"".join(pulled)
        with suppress(Trouble):
            look(url, Options(timeout=0.5))


def test_credentials_go_with_a_sync_and_with_nothing_else() -> None:
    with odd(lambda to: to.say(200, b'{"status":"ok","success":true}')) as (url, asked):
        with open_server(url, "v3", ME, Options()) as server:
            server.alive()
            server.push({})
        trouble(lambda: look(url, Options()))
    basic = {path.split("?")[0]: bool(sign) for _method, path, sign in asked[:3]}
    assert basic == {"/rpc/heartbeat": False, "/api/v2/sync": True}
    assert not any(sign for _method, _path, sign in asked[3:])


def test_no_trouble_tells_a_secret() -> None:
    secret = Credentials("amal@secret.test", "S3cret-Pässword")
    told = [repr(secret)]
    for fault in ("cut", "drop", "status", "limit", "html", "redirect", "garbage", "wrong_json"):
        with talking(me=secret) as (cloud, server):
            cloud.fault(fault, times=-1, after=3)
            for name, act in acts(server).items():
                if (name, fault) not in {("pull", "garbage"), ("pull", "wrong_json")}:
                    found = trouble(act)
                    told += [repr(found), str(found), found.detail, repr(server)]
    assert not any("ecret" in text or "amal" in text.lower() for text in told)


# Pure parts


def test_when_to_try_again() -> None:
    def said(text: str) -> float | None:
        return answers.retry_after({"retry-after": text})

    assert said("7") == 7
    assert said(" 1.5 ") == 1.5
    assert said("-3") == 0
    assert said("99999999") == 86_400
    assert said("Thu, 01 Jan 1970 00:00:00 GMT") == 0
    for text in ("", "soon", "nan", "inf", "Thu, 99 Jan 1970"):
        assert said(text) is None


def test_which_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "https_proxy", "all_proxy", "ALL_PROXY", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HTTPS_PROXY", "proxy.example:3128")
    monkeypatch.setenv("no_proxy", "near.example.org")
    assert proxy_for("https://hikma.example.org", "") == "http://proxy.example:3128"
    assert proxy_for("https://near.example.org", "") is None
    assert proxy_for("http://192.168.1.5", "") is None
    assert proxy_for("https://127.0.0.1:1", "http://other:1") is None
    assert proxy_for("https://localhost", "http://other:1") is None
    assert proxy_for("https://hikma.example.org", "other:1") == "http://other:1"
    for setting in ("socks5://x:1", "gopher://x", "http://[::1", "http://x:y:z"):
        found = trouble(lambda s=setting: look("https://a.example", Options(proxy=s, timeout=2)))  # type: ignore[misc]
        assert found.kind is Kind.PROXY, setting


def test_a_code_is_read_without_the_network_library() -> None:
    probe = (
        "import sys, hikma_tui.wire.shapes, hikma_tui.wire.qr, hikma_tui.wire.door;"
        "import hikma_tui.wire.probe, hikma_tui.wire.v3, hikma_tui.wire.flask;"
        "print(sorted({'httpx', 'httpcore', 'anyio'} & set(sys.modules)))"
    )
    run = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"


# Names -------------------------------------------------------------------------------------


def test_a_name_that_nobody_knows_is_told_as_that() -> None:
    found = trouble(lambda: look("https://nothing-here.invalid", Options(timeout=5.0)))
    assert (found.kind, found.status) == (Kind.NO_NAME, 0)


def test_a_look_up_without_an_answer_ends_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    let_go = threading.Event()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_a, **_k: let_go.wait(20))
    began = time.monotonic()
    found = trouble(lambda: look("https://slow.example", Options(timeout=0.4)))
    let_go.set()
    assert found.kind is Kind.NO_NAME
    assert 0.3 < time.monotonic() - began < 3


def test_a_look_up_is_cancelled_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    let_go, stop = threading.Event(), threading.Event()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_a, **_k: let_go.wait(20))
    threading.Timer(0.3, stop.set).start()
    began = time.monotonic()
    options = Options(timeout=10.0, cancelled=stop.is_set)
    found = trouble(lambda: look("https://slow.example", options))
    let_go.set()
    assert found.kind is Kind.CANCELLED
    assert time.monotonic() - began < 2


def test_each_address_of_a_name_is_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    real = socket.getaddrinfo

    def two(host: str, port: int, *rest: Any, **more: Any) -> list[Any]:
        if host != "localhost":
            return list(real(host, port, *rest, **more))
        kind = (socket.AF_INET, socket.SOCK_STREAM, 6, "")
        return [(*kind, ("127.0.0.77", port)), (*kind, ("127.0.0.1", port))]

    with odd(lambda self: self.say(200, b"{}")) as (url, asked):
        with (
            monkeypatch.context() as patched,
            open_server(url.replace("127.0.0.1", "localhost"), "v3", ME, Options()) as server,
        ):
            patched.setattr(socket, "getaddrinfo", two)
            trouble(server.sign_in)
        assert asked


def test_a_connection_that_comes_too_late_is_closed() -> None:
    from hikma_tui.wire.transport import _Aside

    gate, closed = threading.Event(), threading.Event()

    def slow() -> str:
        gate.wait(5)
        return "line"

    waiting = _Aside(slow, lambda _line: closed.set())
    with pytest.raises(TimeoutError):
        waiting.wait(0.1, lambda: False)
    gate.set()
    assert closed.wait(5)
