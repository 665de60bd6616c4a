"""The older Flask server (wire.md Part B): its paths and its pull."""

from __future__ import annotations

import base64
import binascii
import re
import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import formatdate
from typing import Any

from tests.cloud import values
from tests.cloud.columns import FLASK_PULLED, FLASK_TABLES, Column, Row
from tests.cloud.flask_push import FlaskPush, Refused
from tests.cloud.store import Store
from tests.cloud.web import Answer, Request, compact

REASONS = {200: "OK", 400: "BAD REQUEST", 401: "UNAUTHORIZED", 404: "NOT FOUND",
           405: "METHOD NOT ALLOWED", 500: "INTERNAL SERVER ERROR"}  # fmt: skip
CORS = {"Access-Control-Allow-Origin": "*"}
NO_STORE = (
    "The server encountered an internal error and was unable to complete your request. Either the "
    "server is overloaded or there is an error in the application."
)
BAD_REQUEST = (
    "<!doctype html>\n<html lang=en>\n<title>400 Bad Request</title>\n<h1>Bad Request</h1>\n"
    "<p>The browser (or proxy) sent a request that this server could not understand.</p>\n"
)


class Failure(Exception):
    """An answer with a message."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status, self.message = status, message


def told(status: int, value: Any) -> Answer:
    return Answer(status, compact(value, sort=True), reason=REASONS[status], chunked=False,
                  headers=dict(CORS))  # fmt: skip


def rfc1123(stamp: int) -> str:
    """Whole seconds only: the milliseconds are lost."""
    return formatdate(stamp // 1_000_000, usegmt=True)


def show(column: Column, value: object) -> object:
    """The value as a pull of Flask carries it."""
    if isinstance(value, int) and column.type.startswith("timestamp"):
        return rfc1123(value)
    if isinstance(value, str) and column.type == "date":
        return rfc1123(values.micros(datetime.fromisoformat(value).replace(tzinfo=UTC)))
    if isinstance(value, int) and column.type.startswith("double"):
        return float(value)
    return value


def since(text: str | None) -> int | None:
    """``last_pulled_at``: digits as ms, or ISO 8601. Microseconds, or ``None``: 400."""
    if text and re.fullmatch(r"\d+", text):
        return int(text) * 1000
    if text and re.match(r"\d{4}-", text):
        return values.parse_moment(text.replace(" ", "+"))
    return None


class Flask:
    """One server process. It has no rate limit."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.routes: dict[tuple[str, str], Callable[[Request], Answer]] = {
            ("GET", "/"): self.welcome,
            ("GET", "/v1/test/env"): self.environment,
            ("POST", "/v1/admin/auth/login"): self.admin_login,
            ("PUT", "/v1/api/forms/resources"): self.resources,
        }
        for prefix in ("/api", "/v1/api"):
            sync = f"{prefix}/v2/sync" if prefix == "/api" else f"{prefix}/sync"
            self.routes |= {
                ("POST", f"{prefix}/login"): self.login,
                ("GET", sync): self.get_sync,
                ("POST", sync): self.post_sync,
                ("POST", f"{prefix}/user/reset_password"): self.reset,
            }

    def handle(self, request: Request) -> Answer:
        handler = self.routes.get((request.method, request.path))
        if handler is None and request.path.startswith("/v1/api/forms/resources/"):
            handler = self.resources
        if handler is None:
            return told(404, {"message": "Endpoint not found."})
        try:
            return handler(request)
        except Failure as failure:
            return told(failure.status, {"message": failure.message})
        except (Refused, values.BadValue, KeyError, AttributeError, TypeError, OverflowError):
            return told(500, {"message": "Internal Server Error"})
        except ValueError:  # no JSON
            return Answer(400, BAD_REQUEST.encode(), "text/html; charset=utf-8",
                          REASONS[400], chunked=False, headers=dict(CORS))  # fmt: skip

    def welcome(self, _request: Request) -> Answer:
        return told(200, {"message": "Welcome to the Hikma Health backend.", "status": "OK"})

    def environment(self, request: Request) -> Answer:
        return told(200, {"values": {request.query.get("key", ""): None}})

    def resources(self, _request: Request) -> Answer:
        return told(500, {"message": NO_STORE, "ok": False})

    # Accounts

    def entered(self, email: str, password: str) -> Row:
        user = self.store.user(email, None, any_case=True)
        if user is None:
            raise Failure(404, "User not found")
        if self.store.passwords[str(user["id"])] != password:
            raise Failure(401, "password incorrect")
        return user

    def named(self, request: Request) -> Row:
        """The account in the body of a sign-in."""
        given = request.json()
        for key in ("email", "password"):
            if key not in given:
                raise Failure(400, f"Required data not supplied: {key}")
        return self.entered(str(given["email"]), str(given["password"]))

    def login(self, request: Request) -> Answer:
        user = self.named(request)
        names = ("id", "name", "role", "email", "clinic_id")
        return told(200, {name: user[name] for name in names})

    def admin_login(self, request: Request) -> Answer:
        self.named(request)
        return told(200, {"token": str(uuid.uuid4())})

    def reset(self, request: Request) -> Answer:
        user = self.named(request)
        self.store.passwords[str(user["id"])] = str(request.json()["new_password"])
        return told(200, {"message": "password updated", "ok": True})

    def basic(self, request: Request) -> Row:
        """Basic auth of a pull; anything odd, a colon in the password too, is a 500."""
        scheme, _, rest = request.headers.get("authorization", "").partition(" ")
        try:
            parts = base64.b64decode(rest, validate=True).decode("utf-8").split(":")
        except (binascii.Error, UnicodeDecodeError) as error:
            raise Refused from error
        if scheme != "Basic" or len(parts) != 2:
            raise Refused
        return self.entered(*parts)

    # Sync

    def get_sync(self, request: Request) -> Answer:
        self.basic(request)
        last = since(request.query.get("last_pulled_at"))
        if last is None:
            raise Failure(400, "missing last_pulled_at from request query")
        with self.store.lock:
            changes = {table: self._table(table, last) for table in FLASK_PULLED}
            seconds = self.store.now() // 1_000_000
        body = {"changes": changes, "timestamp": seconds * 1000.0}
        return Answer(200, reason="OK", chunked=False, headers=dict(CORS), data=body)

    def _table(self, table: str, last: int) -> dict[str, list[Any]]:
        found: dict[str, list[Any]] = {"created": [], "updated": [], "deleted": []}
        columns = FLASK_TABLES.get(table, {})
        for key, row in self.store.rows.get(table, {}).items():
            if (table, key) in self.store.hidden:
                continue
            made, changed, gone = (
                int(str(row[name] or 0))
                for name in ("server_created_at", "last_modified", "deleted_at")
            )
            if row["is_deleted"] or gone:
                if gone > last:
                    found["deleted"].append(row["id"])
                continue
            kind = "created" if made > last else "updated" if changed > last else ""
            if kind:
                found[kind].append({n: show(c, row[n]) for n, c in columns.items()})
        return found

    def post_sync(self, request: Request) -> Answer:
        """Nobody is asked who they are."""
        body = request.json()
        last = since(request.query.get("last_pulled_at"))
        if last is None:
            raise Failure(400, "missing `last_pulled_at` from request query")
        FlaskPush(self.store, last).apply(body)
        moment = values.EPOCH + timedelta(microseconds=self.store.now())
        stamp = moment.isoformat(timespec="microseconds")
        return told(200, {"ok": True, "timestamp": stamp})
