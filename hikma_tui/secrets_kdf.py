"""PINs, codes and tokens: how they are read, hashed and compared. Pure, of the standard library.

A PIN is short, so its hash must be slow: scrypt (RFC 7914), with as much work as this machine does
in about a sixth of a second, at most 32 MB. What was chosen stands in the hash, so that a hash made
on a fast machine still holds on a slow one. A token of 256 random bits needs no slowness.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
import time
import unicodedata
from dataclasses import dataclass

SHORTEST = 4
LONGEST = 1024
PASSPHRASE_SHORTEST = 10
"""Characters that the passphrase of records or copies has at least."""
PASSPHRASE_LONGEST = 1000
"""And bytes of UTF-8 at most: a terminal gives a program 4,095 bytes of a line and drops the rest
in silence, so what is longer could be set and never be typed again.
"""

_ALPHABET = "ABCDEFGHJKMNPQRSTVWXYZ23456789"  # nothing that is read for something else
_GROUPS, _GROUP = 4, 4
_BLOCK = 8
_LARGEST_N = 1 << 15  # 128 * 8 * 2**15: 32 MiB
_SMALLEST_N = 1 << 13
_MOST_ROUNDS = 8
_AIM = 0.17  # seconds for one try
_PROBE_N = 1 << 12


@dataclass(frozen=True)
class Work:
    """How much a hash costs: memory ``n`` (in KiB, with blocks of 8) and ``p`` rounds of it."""

    n: int
    p: int


def tuned() -> Work:
    """The work that takes this machine about a sixth of a second; never above 32 MiB."""
    once = min(_measured() for _again in range(3))
    each = once / _PROBE_N
    n = _SMALLEST_N
    while n < _LARGEST_N and each * n * 2 <= _AIM:
        n *= 2
    return Work(n, max(1, min(_MOST_ROUNDS, round(_AIM / (each * n)))))


def _measured() -> float:
    begun = time.perf_counter()
    _scrypt(b"probe", b"probe", Work(_PROBE_N, 1))
    return max(1e-6, time.perf_counter() - begun)


def _scrypt(secret: bytes, salt: bytes, work: Work) -> bytes:
    room = 128 * _BLOCK * (work.n + work.p + 4) + (1 << 20)
    return hashlib.scrypt(secret, salt=salt, n=work.n, r=_BLOCK, p=work.p, maxmem=room, dklen=32)


def passphrase_meant(typed: str) -> str:
    """A passphrase as it counts: what looks the same is the same (NFC), and so is any space. At its
    ends none counts: a field drops what a paste brought along there, a terminal or a file does not.
    """
    return " ".join(unicodedata.normalize("NFC", typed.removeprefix("\ufeff")).split())


def as_meant(typed: str) -> str:
    """What somebody means by what was typed: digits of any script are digits, what looks the same
    is the same (NFKC), and a line break that a paste brought along is none of it.
    """
    text = unicodedata.normalize("NFKC", typed).strip()
    return "".join(
        character if (digit := unicodedata.decimal(character, None)) is None else str(digit)
        for character in text
    )


def hashed(typed: str, work: Work | None = None) -> str:
    """The hash of a PIN or passphrase, with its salt and its work: ``scrypt$n$p$salt$hash``."""
    work = work or tuned()
    salt = secrets.token_bytes(16)
    digest = _scrypt(_bytes(typed), salt, work)
    return f"scrypt${work.n}${work.p}${_written(salt)}${_written(digest)}"


def matches(typed: str, kept: str) -> bool:
    """Whether ``typed`` is what ``kept`` was made of. A hash that can't be read matches nothing."""
    try:
        kind, n, p, salt, digest = kept.split("$")
        work = Work(int(n), int(p))
        known = base64.b64decode(digest, validate=True)
        if kind != "scrypt" or not 1 < work.n <= _LARGEST_N or not 0 < work.p <= 64 or not known:
            return False
        return hmac.compare_digest(_scrypt(_bytes(typed), base64.b64decode(salt), work), known)
    except ValueError:
        return False


def _bytes(typed: str) -> bytes:
    return as_meant(typed).encode("utf-8", "surrogatepass")


def _written(raw: bytes) -> str:
    return base64.b64encode(raw).decode("ascii")


# The recovery code ------------------------------------------------------------------------------


def new_code() -> str:
    """A code for paper, of 78 random bits: ``K7MQ-3XYZ-...``, without letters that look alike."""
    groups = ("".join(secrets.choice(_ALPHABET) for _n in range(_GROUP)) for _g in range(_GROUPS))
    return "-".join(groups)


def code_as_meant(typed: str) -> str:
    """A code as it was made, however it was typed: spaces, dashes and small letters are nothing."""
    return "".join(c for c in as_meant(typed).upper() if c.isalnum())


# Tokens -----------------------------------------------------------------------------------------


def new_token() -> str:
    """256 random bits, for a file or a pipe."""
    return secrets.token_urlsafe(32)


def token_hash(token: str) -> str:
    """What is kept of a token: it is random, so one round is enough."""
    return "sha256$" + hashlib.sha256(token.strip().encode("utf-8", "surrogatepass")).hexdigest()
