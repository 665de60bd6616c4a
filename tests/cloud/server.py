"""The double on real HTTP over loopback: ``with Cloud() as cloud: ... cloud.url``."""

from __future__ import annotations

import contextlib
import json
import socket
import ssl
import threading
import time
from collections import deque
from dataclasses import dataclass
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from tests.cloud.control import control
from tests.cloud.faults import Fault, Faults, spoiled
from tests.cloud.flask import Flask
from tests.cloud.store import Store
from tests.cloud.v3 import V3, broken
from tests.cloud.web import Answer, Request, compact, page

PIECE = 65536


@dataclass(frozen=True)
class Seen:
    """One request that came in, for tests that count them."""

    method: str
    path: str
    status: int
    sent: int


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    allow_reuse_address = True
    cloud: Cloud

    def __init__(self, port: int, cloud: Cloud) -> None:
        self.cloud = cloud
        self.open: set[socket.socket] = set()
        super().__init__(("127.0.0.1", port), _Handler)

    def get_request(self) -> tuple[socket.socket, Any]:
        connection, address = super().get_request()
        self.open.add(connection)
        return connection, address

    def shutdown_request(self, request: Any) -> None:
        self.open.discard(request)
        super().shutdown_request(request)

    def server_close(self) -> None:
        super().server_close()
        for connection in list(self.open):
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that went away is no news."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 60
    disable_nagle_algorithm = True  # a small answer would wait 40 ms for the other side's receipt
    server: _Server

    def log_message(self, format: str, *args: object) -> None:
        """Nothing: ``loud`` prints what came in."""

    def _serve(self) -> None:
        cloud = self.server.cloud
        headers = {name.lower(): value for name, value in self.headers.items()}
        request = Request(self.command, self.path, headers, self._sent())
        if cloud.loud:
            print(f"{self.command} {self.path}", flush=True)
        if request.path.startswith("/_double/"):
            self._send(control(cloud, request), None)
            return
        fault = cloud.faults.take(request.method, request.path)
        if fault and fault.kind == "drop":
            self._hang_up()
            return
        answer = cloud.answered(request, fault)
        sent = len(answer.body)
        cloud.seen.append(Seen(request.method, request.path, answer.status, sent))
        if fault and fault.kind == "lost":
            self._hang_up()
            return
        self._send(answer, fault)

    def _sent(self) -> bytes:
        """The request's body, also in chunks."""
        if "chunked" not in self.headers.get("transfer-encoding", ""):
            return self.rfile.read(int(self.headers.get("content-length") or 0))
        pieces = []
        while size := int(self.rfile.readline().split(b";")[0] or b"0", 16):
            pieces.append(self.rfile.read(size))
            self.rfile.readline()
        self.rfile.readline()
        return b"".join(pieces)

    do_GET = do_POST = do_PUT = do_HEAD = do_OPTIONS = do_DELETE = do_PATCH = _serve

    def _hang_up(self) -> None:
        self.close_connection = True
        with contextlib.suppress(OSError):
            self.connection.shutdown(socket.SHUT_RDWR)

    def _send(self, answer: Answer, fault: Fault | None) -> None:
        if fault and fault.kind == "stall" and not fault.after:
            time.sleep(fault.seconds)
        self.send_response_only(answer.status, answer.reason)
        self.send_header("Content-Type", answer.type)
        self.send_header("Date", formatdate(self.server.cloud.store.now() / 1e6, usegmt=True))
        for name, value in answer.headers.items():
            self.send_header(name, value)
        if answer.chunked:
            self.send_header("Transfer-Encoding", "chunked")
        else:
            self.send_header("Content-Length", str(len(answer.body)))
        self.end_headers()
        if self.command == "HEAD":
            return
        body, whole = answer.body, True
        if fault and fault.kind == "cut":
            body, whole = body[: fault.after], False
        pause = fault.after if fault and fault.kind == "stall" else 0
        for start in range(0, len(body), PIECE):
            piece = body[start : start + PIECE]
            if pause and start <= pause < start + PIECE and fault:
                self._piece(piece[: pause - start], answer)
                time.sleep(fault.seconds)
                piece = piece[pause - start :]
            self._piece(piece, answer)
        if not whole:
            self._hang_up()
        elif answer.chunked:
            self.wfile.write(b"0\r\n\r\n")

    def _piece(self, piece: bytes, answer: Answer) -> None:
        if piece:
            self.wfile.write(b"%x\r\n%s\r\n" % (len(piece), piece) if answer.chunked else piece)
            self.wfile.flush()


class Cloud:
    """A server to test against, until ``stop``.

    Args:
        store: What it keeps; an empty one by default (seed.py fills one).
        flask: The older server instead of v3.
        port: 0 for any free one.
        limits: Whether v3's rate limits are on.
        tls: Paths of a certificate and its key, for https.
    """

    def __init__(
        self,
        store: Store | None = None,
        *,
        flask: bool = False,
        port: int = 0,
        limits: bool = True,
        tls: tuple[str, str] | None = None,
        loud: bool = False,
    ) -> None:
        self.store = store or Store()
        self.app: V3 | Flask = Flask(self.store) if flask else V3(self.store, limits=limits)
        self.faults = Faults()
        self.seen: deque[Seen] = deque(maxlen=10_000)
        self.backups: dict[str, Any] = {}
        self.loud = loud
        self._server = _Server(port, self)
        if tls:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(*tls)
            # The handshake is made by the request's own thread, so that a client that breaks it off
            # or falls silent in it does not stop the others.
            self._server.socket = context.wrap_socket(
                self._server.socket, server_side=True, do_handshake_on_connect=False
            )
        scheme = "https" if tls else "http"
        self.url = f"{scheme}://127.0.0.1:{self._server.server_address[1]}"
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(0.02,), daemon=True
        )

    def start(self) -> Cloud:
        self._thread.start()
        return self

    def stop(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def wait(self) -> None:
        """Until Ctrl+C."""
        while self._thread.is_alive():
            self._thread.join(1.0)

    def __enter__(self) -> Cloud:
        return self.start()

    def __exit__(self, *_exception: object) -> None:
        self.stop()

    def fault(self, kind: str, **how: Any) -> Fault:
        """Misbehave: see faults.py for the kinds."""
        fault = Fault(kind, **how)
        self.faults.add(fault)
        return fault

    def answered(self, request: Request, fault: Fault | None = None) -> Answer:
        """What the server answers; the transport may still spoil it on the way."""
        kind = fault.kind if fault else ""
        if fault and kind in {
            "status",
            "html",
            "redirect",
            "limit",
            "garbage",
            "wrong_json",
            "file",
        }:
            return _foreign(fault)
        if fault and kind == "half_push" and isinstance(self.app, V3):
            self.app.budget = fault.after
        try:
            answer = self.app.handle(request)
        except Exception as error:  # a mistake of the double, never of the client
            print(f"tests.cloud: {request.method} {request.target}: {error!r}")
            answer = broken()
        if answer.data is not None:
            data = answer.data
            if fault and kind in {"duplicate", "reorder"}:
                data = spoiled(data, fault)
            answer.body = compact(data, sort=isinstance(self.app, Flask))
        return answer


def _foreign(fault: Fault) -> Answer:
    """An answer that is not the server's at all."""
    if fault.kind == "status":
        return page(fault.status, "Bad Gateway")
    if fault.kind == "html":
        return page(200, "Welcome. Please accept the terms of this network.")
    if fault.kind == "redirect":
        return Answer(302, headers={"Location": "http://portal.invalid/"}, type="text/html")
    if fault.kind == "limit":
        wait = {"Retry-After": str(int(fault.seconds))}
        return Answer(429, compact({"error": "Too many requests. Please try again later."}),
                      headers=wait)  # fmt: skip
    if fault.kind == "file":
        return Answer(200, Path(fault.body).read_bytes())
    if fault.kind == "garbage":
        return Answer(200, bytes(range(256)) * 8)
    return Answer(200, fault.body.encode() or json.dumps(["not", "ours"]).encode())
