"""The paths of a v3 server (wire.md A1 to A8)."""

from __future__ import annotations

import base64
import binascii
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from email.utils import formatdate
from typing import Any

from tests.cloud import values
from tests.cloud.columns import TABLES, Row
from tests.cloud.pull import pull, since
from tests.cloud.push import ObjectObject, Push
from tests.cloud.store import Store
from tests.cloud.web import Answer, Request, answer, compact, page

MINUTE = 60_000_000
TOKEN_LIFE = 2 * 60 * MINUTE
DENIED = {"error": "Unauthorized"}
WRONG = {"error": "Invalid credentials"}
TOO_MANY = {"error": "Too many requests. Please try again later."}


def broken() -> Answer:
    """The one answer to everything that was thrown: no row, no table, no reason."""
    body = compact({"status": 500, "unhandled": True, "message": "HTTPError"})
    kind = "application/json;charset=UTF-8"
    return Answer(500, body, kind, "Internal Server Error", chunked=False)


@dataclass
class Limiter:
    """So many requests in a window that begins with the first of them."""

    most: int
    window: int
    seen: dict[str, tuple[int, int]] = field(default_factory=dict)

    def wait(self, key: str, now: int) -> int:
        """0, or the seconds of ``Retry-After``."""
        start, count = self.seen.get(key, (now, 0))
        if not 0 <= now - start < self.window:
            start, count = now, 0
        self.seen[key] = (start, count + 1)
        left = start + self.window - now
        return 0 if count < self.most else max(1, -(-left // 1_000_000))


class V3:
    """One server process.

    Args:
        limits: Whether the rate limits are on; tests with thousands of syncs switch them off.
    """

    def __init__(self, store: Store, *, limits: bool = True) -> None:
        self.store, self.limits = store, limits
        self.syncs, self.sign_ins = Limiter(60, MINUTE), Limiter(30, 15 * MINUTE)
        self.tokens: dict[str, tuple[str, int]] = {}
        self.budget: int | None = None
        self.routes: dict[str, dict[str, Callable[[Request], Answer]]] = {
            "/": {},
            "/login": {},
            "/api/login": {"POST": self.login},
            "/api/auth/sign-in": {"POST": self.sign_in},
            "/api/auth/sign-out": {"POST": self.sign_out},
            "/api/auth/is-valid-token": {"POST": self.valid_token},
            "/api/v2/sync": {"GET": self.get_sync, "POST": self.post_sync},
            "/api/hub/verify-key": {"POST": self.verify_key},
            "/rpc/heartbeat": {"GET": lambda request: answer(200, {"status": "ok"})},
        }

    def handle(self, request: Request) -> Answer:
        path = request.path.rstrip("/") or "/"
        if path not in self.routes:
            return page(404, "Not Found")
        handler = self.routes[path].get(request.method)
        if handler is None:
            return page(200)  # the web application answers for every method that has no handler
        try:
            return handler(request)
        except (values.BadValue, ValueError, RecursionError, AttributeError, TypeError):
            return broken()

    def limited(self, limiter: Limiter, request: Request) -> Answer | None:
        if not self.limits:
            return None
        key = request.headers.get("x-forwarded-for", "").split(",")[0].strip() or "unknown"
        seconds = limiter.wait(key, self.store.now())
        return answer(429, TOO_MANY, retry_after=str(seconds)) if seconds else None

    # Signing in

    def shown_user(self, user: Row) -> dict[str, Any]:
        shown = {
            name: values.show(column, user[name], self.store.zone)
            for name, column in TABLES["users"].items()
        }
        clinic = self.store.rows["clinics"].get(str(user["clinic_id"]))
        name = clinic["name"] if clinic else None
        return {**shown, "hashed_password": "*" * 12, "clinic_name": name}

    def sign_in(self, request: Request) -> Answer:
        refused = self.limited(self.sign_ins, request)
        if refused:
            return refused
        given = request.json()
        user = self.account(given.get("email"), given.get("password"))
        if user is None:
            return answer(401, WRONG)
        now, token = self.store.now(), str(uuid.uuid4())
        self.tokens[token] = (str(user["id"]), now + TOKEN_LIFE)
        expires = formatdate((now + TOKEN_LIFE) / 1e6, usegmt=True)
        cookie = f"token={token}; Path=/; Expires={expires}; HttpOnly; Secure; SameSite=Strict"
        return answer(200, {"user": self.shown_user(user), "token": token}, set_cookie=cookie)

    def account(self, email: object, password: object) -> Row | None:
        if not isinstance(email, str) or not isinstance(password, str):
            return None
        user = self.store.user(email, password)
        return user if user and self.store.may_enter(user) else None

    def login(self, request: Request) -> Answer:
        """The proxy to ``sign_in``: a 401 of that ends here as a 500."""
        if request.headers.get("x-forwarded-proto") == "https":
            return broken()  # it would fetch itself over TLS, which it does not speak
        inner = self.sign_in(request)
        if inner.status == 429:
            return answer(429, {})
        if inner.status != 200:
            return broken()
        found = Request("", "", {}, inner.body).json()
        return answer(200, {**found["user"], "token": found["token"]})

    def _token(self, request: Request) -> str:
        pairs = (
            part.strip().partition("=") for part in request.headers.get("cookie", "").split(";")
        )
        return next((value for name, _, value in pairs if name == "token"), "")

    def valid_token(self, request: Request) -> Answer:
        token = self._token(request)
        if not token:
            return answer(401, DENIED)
        user, until = self.tokens.get(token, ("", 0))
        return answer(200, {"isValid": bool(user) and until > self.store.now()})

    def sign_out(self, request: Request) -> Answer:
        self.tokens.pop(self._token(request), None)
        return answer(200, {"success": True})

    def verify_key(self, request: Request) -> Answer:
        key = request.json().get("api_key")
        if not isinstance(key, str) or not key:
            return answer(400, {"error": "Missing api_key"})
        device = self.store.device(key)
        if device is None:
            return answer(401, DENIED)
        names = ("id", "name", "device_type", "status", "clinic_ids")
        return answer(200, {"device": {name: device[name] for name in names}})

    # Sync

    def caller(self, request: Request) -> tuple[Row | None, Row | None]:
        """The account and the hub of a request; both ``None``: 401."""
        scheme, _, rest = request.headers.get("authorization", "").partition(" ")
        if scheme == "Bearer" and request.query.get("peerType") == "sync_hub":
            return None, self.store.device(rest)
        if scheme != "Basic":
            return None, None
        try:
            parts = base64.b64decode(rest, validate=True).decode("utf-8").split(":")
        except (binascii.Error, UnicodeDecodeError):
            return None, None
        email, password = (*parts, "", "")[:2]  # a password with a colon ends at the colon
        return self.account(email, password), None

    def entered(self, request: Request) -> Answer | tuple[Row | None, set[str] | None, bool]:
        refused = self.limited(self.syncs, request)
        if refused:
            return refused
        user, device = self.caller(request)
        if user is None and device is None:
            return answer(401, DENIED)
        clinics = device["clinic_ids"] if device else None
        allowed = set(clinics) if isinstance(clinics, list) else None
        return user, allowed, request.query.get("peerType") == "sync_hub"

    def get_sync(self, request: Request) -> Answer:
        entered = self.entered(request)
        if isinstance(entered, Answer):
            return entered
        _user, clinics, hub = entered
        query = request.query
        last = since(query.get("last_pulled_at") or query.get("lastPulledAt"))
        return Answer(200, data=pull(self.store, last, hub=hub, clinics=clinics))

    def post_sync(self, request: Request) -> Answer:
        entered = self.entered(request)
        if isinstance(entered, Answer):
            return entered
        user, clinics, hub = entered
        budget, self.budget = self.budget, None
        push = Push(self.store, user, hub=hub, clinics=clinics, budget=budget)
        try:
            push.apply(request.json())
        except ObjectObject:
            return Answer(200, b"[object Object]", "text/plain;charset=UTF-8", "OK", chunked=False)
        return answer(200, {"success": True})
