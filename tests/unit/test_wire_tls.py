"""Nothing is said to a server that can't prove who it is."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from email.utils import formatdate

import pytest

from hikma_tui.wire import http, tls
from hikma_tui.wire.door import open_server
from hikma_tui.wire.http import Options
from hikma_tui.wire.probe import look
from hikma_tui.wire.shapes import Credentials, Kind, Trouble
from tests.cloud.seed import EMAIL, PASSWORD, seed
from tests.cloud.server import Cloud
from tests.cloud.store import Store
from tests.unit.wire_certificates import Authority, authority
from tests.unit.wire_talk import acts, trouble, whole

ME = Credentials(EMAIL, PASSWORD)


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return authority(tmp_path_factory.mktemp("authority"))


@contextmanager
def cloud(pair: tuple[str, str]) -> Iterator[Cloud]:
    store = Store()
    seed(store, patients=5)
    with Cloud(store, tls=pair) as running:
        yield running


def refused(cloud: Cloud, options: Options) -> Kind:
    """The trouble with that certificate, the same wherever one meets it; nothing was asked."""
    kinds = set()
    with open_server(cloud.url, "v3", ME, options) as server:
        for act in (server.sign_in, server.alive, lambda: server.push({}),
                    lambda: look(cloud.url, options)):  # fmt: skip
            with pytest.raises(Trouble) as trouble:
                act()
            kinds.add(trouble.value.kind)
        with pytest.raises(Trouble) as trouble, server.pull(0):
            raise AssertionError("not reached")
        kinds.add(trouble.value.kind)
    assert not [seen for seen in cloud.seen if seen.method != "HEAD"]
    assert len(kinds) == 1
    return kinds.pop()


def test_a_private_authority_is_a_setting(own: Authority) -> None:
    with cloud(own.site("good")) as running:
        assert refused(running, Options(timeout=5)) is Kind.CERTIFICATE
        options = Options(ca_file=own.ca_file, timeout=5)
        assert look(running.url, options) == "v3"
        with open_server(running.url, "v3", ME, options) as server:
            assert server.sign_in().email == EMAIL
            with server.pull(0) as body:
                assert b"".join(body).endswith(b"}")
            server.push({})
            server.alive()
        name = running.url.replace("127.0.0.1", "localhost")
        assert look(name, options) == "v3"


def test_a_certificate_of_another_name(own: Authority) -> None:
    with cloud(own.site("other", names="DNS:other.example.org")) as running:
        assert refused(running, Options(ca_file=own.ca_file, timeout=5)) is Kind.CERTIFICATE


def test_not_yet_valid_is_this_computers_clock(own: Authority) -> None:
    with cloud(own.site("young", start=2)) as running:
        assert refused(running, Options(ca_file=own.ca_file, timeout=5)) is Kind.CLOCK


def test_expired(own: Authority) -> None:
    """The server's own clock says the same day: its certificate is to blame."""
    with cloud(own.site("old", start=-5, end=-1)) as running:
        assert refused(running, Options(ca_file=own.ca_file, timeout=5)) is Kind.CERTIFICATE


@pytest.mark.parametrize(("days", "kind"), [(-3, Kind.CLOCK), (3, Kind.CERTIFICATE)])
def test_expired_only_by_a_clock_that_is_ahead(
    own: Authority, monkeypatch: pytest.MonkeyPatch, days: int, kind: Kind
) -> None:
    """The server says that it is days earlier: for it the certificate may still be good."""
    monkeypatch.setattr(tls, "BUILD_DAY", "2020-01-01")
    with cloud(own.site(f"ahead{days}", start=-9, end=-1)) as running:
        running.store.clock.offset = days * 86_400 * 1_000_000
        assert refused(running, Options(ca_file=own.ca_file, timeout=5)) is kind


def test_expired_by_a_clock_from_before_the_program(
    own: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    with cloud(own.site("before", start=-5, end=-1)) as running:
        monkeypatch.setattr(tls, "BUILD_DAY", "2999-01-01")
        assert refused(running, Options(ca_file=own.ca_file, timeout=5)) is Kind.CLOCK


@pytest.mark.parametrize("content", [None, "", "no certificate\n"])
def test_an_authority_that_cant_be_read(own: Authority, content: str | None) -> None:
    file = own.folder / "broken.pem"
    file.unlink(missing_ok=True)
    if content is not None:
        file.write_text(content)
    with (
        pytest.raises(Trouble) as trouble,
        open_server("https://127.0.0.1:1", "v3", ME, Options(ca_file=str(file))),
    ):
        raise AssertionError("not reached")
    assert trouble.value.kind is Kind.CERTIFICATE


@contextmanager
def connecting_proxy(port: int) -> Iterator[tuple[str, list[bytes]]]:
    """A proxy that knows CONNECT and leads everybody to this port; and what it was told."""
    told: list[bytes] = []

    def carry(source: socket.socket, target: socket.socket) -> None:
        with suppress(OSError):
            while piece := source.recv(65536):
                target.sendall(piece)
            target.shutdown(socket.SHUT_RDWR)

    def one(client: socket.socket) -> None:
        with client, socket.create_connection(("127.0.0.1", port)) as server:
            told.append(client.recv(65536))
            client.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
            back = threading.Thread(target=carry, args=(server, client), daemon=True)
            back.start()
            carry(client, server)
            back.join()

    def serve() -> None:
        with suppress(OSError):
            while True:
                threading.Thread(target=one, args=(listener.accept()[0],), daemon=True).start()

    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=serve, daemon=True).start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}", told
        listener.shutdown(socket.SHUT_RDWR)


def test_a_proxy_is_a_setting_and_hears_nothing(
    own: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    with cloud(own.site("far", names="DNS:clinic.test")) as running:
        port = int(running.url.rpartition(":")[2])
        with connecting_proxy(port) as (proxy, told):
            options = Options(ca_file=own.ca_file, proxy=proxy, timeout=5)
            assert look("https://clinic.test", options) == "v3"
            monkeypatch.setenv("HTTPS_PROXY", proxy)
            options = Options(ca_file=own.ca_file, timeout=5)
            with open_server("https://clinic.test", "v3", ME, options) as server:
                assert server.sign_in().email == EMAIL
                server.alive()
            with open_server("https://wrong.test", "v3", ME, options) as server:
                with pytest.raises(Trouble) as trouble:
                    server.alive()
                assert trouble.value.kind is Kind.CERTIFICATE
            assert len(told) >= 3
            assert all(head.startswith((b"CONNECT ", b"HEAD http://")) for head in told)
            assert not any(b"authorization" in head.lower() for head in told)


def test_a_server_that_falls_silent_in_the_handshake() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"https://127.0.0.1:{listener.getsockname()[1]}"
        with pytest.raises(Trouble) as trouble:
            look(url, Options(timeout=0.3))
        assert trouble.value.kind is Kind.NO_NETWORK


def test_a_server_without_tls_gets_no_password() -> None:
    with Cloud() as running:
        url = running.url.replace("http:", "https:")
        with open_server(url, "v3", ME, Options(timeout=5)) as server:
            with pytest.raises(Trouble) as trouble:
                server.sign_in()
            assert trouble.value.kind is Kind.CERTIFICATE
        assert not running.seen


@contextmanager
def answering(head: str) -> Iterator[int]:
    """A port that gives every request the same head."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            while True:
                try:
                    connection, _ = listener.accept()
                except OSError:
                    return
                with connection:
                    connection.recv(65536)
                    connection.sendall(head.encode())

        threading.Thread(target=serve, daemon=True).start()
        try:
            yield listener.getsockname()[1]
        finally:
            listener.shutdown(socket.SHUT_RDWR)


@pytest.mark.parametrize(
    ("head", "portal"),
    [
        ("HTTP/1.1 302 Found\r\nLocation: http://hotspot.example/\r\n\r\n", True),
        ("HTTP/1.1 511 Network Authentication Required\r\n\r\n", True),
        ("HTTP/1.1 301 Moved\r\nLocation: https://127.0.0.1/\r\n\r\n", False),
        ("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", False),
        ("HTTP/1.1 404 Not Found\r\n\r\n", False),
        ("nonsense\r\n\r\n", False),
    ],
)
def test_a_portal_behind_a_wrong_certificate(head: str, portal: bool) -> None:
    with answering(head) as port:
        client = http.Client("https://127.0.0.1:1", Options(timeout=2))
        assert client.portal_in_between(port) is portal
        client.close()


def test_a_clock_that_is_ahead(monkeypatch: pytest.MonkeyPatch) -> None:
    now = time.time()
    monkeypatch.setattr(tls, "BUILD_DAY", "2020-01-01")
    for said in (None, "", "yesterday", "Sun, 99 Nov 2026 10:00:00 GMT",
                 formatdate(now - 3600, usegmt=True), formatdate(now + 90_000, usegmt=True),
                 "Thu, 01 Jan 1970 00:00:00 GMT"):  # fmt: skip
        assert not tls.clock_ahead(said)
    assert tls.clock_ahead(formatdate(now - 90_000, usegmt=True))


@pytest.mark.parametrize(
    ("fault", "kind", "looking"),
    [
        ("cut", Kind.CUT, None),
        ("lost", Kind.CUT, Kind.CUT),
        ("drop", Kind.CUT, Kind.CUT),
        ("status", Kind.SERVER, Kind.SERVER),
        # Who has proved who it is, is no network that stands in between.
        ("html", Kind.SERVER, Kind.NOT_HIKMA),
        ("redirect", Kind.REDIRECT, Kind.REDIRECT),
    ],
)
def test_faults_behind_a_good_certificate(
    own: Authority, fault: str, kind: Kind, looking: Kind | None
) -> None:
    options = Options(ca_file=own.ca_file, timeout=5)
    with cloud(own.site(f"fault-{fault}")) as running:
        with open_server(running.url, "v3", ME, options) as server:
            for act in acts(server).values():
                running.fault(fault, after=9)
                assert trouble(act).kind is kind
                act()
        if looking:
            running.fault(fault)
            assert trouble(lambda: look(running.url, options)).kind is looking


@pytest.mark.parametrize("after", [0, 2000])
def test_a_cancel_and_silence_behind_a_good_certificate(own: Authority, after: int) -> None:
    stop = threading.Event()
    with cloud(own.site(f"slow{after}")) as running:
        options = Options(ca_file=own.ca_file, timeout=20, cancelled=stop.is_set)
        with open_server(running.url, "v3", ME, options) as server:
            server.alive()  # so that the line is there already
            running.fault("stall", after=after, seconds=5)
            threading.Timer(0.2, stop.set).start()
            start = time.monotonic()
            assert trouble(lambda: whole(server)).kind is Kind.CANCELLED
            assert time.monotonic() - start < 1.5
        with open_server(running.url, "v3", ME, Options(own.ca_file, timeout=0.2)) as server:
            running.fault("stall", after=2000, seconds=5)
            assert trouble(lambda: whole(server)).kind is Kind.TIMEOUT
            assert whole(server)
