"""Who a server proves to be, and what it means when it can't."""

from __future__ import annotations

import ssl
import time
from datetime import UTC, date, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path

from hikma_tui import BUILD_DAY
from hikma_tui.wire.shapes import Kind, Trouble

_NOT_YET_VALID, _EXPIRED = 9, 10  # X509_V_ERR_CERT_NOT_YET_VALID, _CERT_HAS_EXPIRED
_DAY = 86_400.0


def context(ca_file: str = "") -> ssl.SSLContext:
    """The system's authorities, and those in ``ca_file`` (PEM) beside them. Trouble CERTIFICATE.

    A private authority is a setting (decisions.md 32); checking is never switched off.
    """
    made = ssl.create_default_context()
    if not made.cert_store_stats()["x509_ca"] and not ssl.get_default_verify_paths().capath:
        import certifi  # httpx brings it; only for systems that have no list of their own

        made.load_verify_locations(certifi.where())
    if ca_file:
        # Newer Pythons ask more of a certificate than small private authorities put into theirs.
        made.verify_flags &= ~ssl.VERIFY_X509_STRICT
        try:
            made.load_verify_locations(Path(ca_file).expanduser())
        except (OSError, ValueError) as error:
            raise Trouble(Kind.CERTIFICATE, f"ca file: {type(error).__name__}") from None
    return made


def unchecked() -> ssl.SSLContext:
    """For one question without any secret: what time do you have? Nothing else may use it."""
    made = ssl.create_default_context()
    made.check_hostname = False
    made.verify_mode = ssl.CERT_NONE
    return made


def clock_behind() -> bool:
    """Whether this computer's clock is before the day on which the program was built."""
    return datetime.fromtimestamp(time.time(), UTC).date() < date.fromisoformat(BUILD_DAY)


def kind_of(error: ssl.SSLError) -> Kind:
    """CLOCK where this computer's time is to blame as far as it is known here, else CERTIFICATE."""
    code = getattr(error, "verify_code", 0)
    if code == _NOT_YET_VALID or (code == _EXPIRED and clock_behind()):
        return Kind.CLOCK
    return Kind.CERTIFICATE


def expired(error: ssl.SSLError) -> bool:
    """Whether the certificate was valid once: then a clock that is ahead may be the reason."""
    return getattr(error, "verify_code", 0) == _EXPIRED


def seconds_off(date_header: str | None) -> float | None:
    """How far the other side's clock is ahead of ours, by its ``Date``; None if it sent none."""
    try:
        there = parsedate_to_datetime(date_header or "")
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    if there.tzinfo is None:
        there = there.replace(tzinfo=UTC)
    return there.timestamp() - time.time()


def clock_ahead(date_header: str | None) -> bool:
    """Whether our clock is more than a day ahead of the other, and the other one can be right."""
    off = seconds_off(date_header)
    if off is None or off >= -_DAY:
        return False
    there = datetime.fromtimestamp(time.time() + off, UTC).date()
    return there >= date.fromisoformat(BUILD_DAY)
