"""``python -m tests.cloud``: the double by hand, for people who want to try the client."""

from __future__ import annotations

import argparse
from zoneinfo import ZoneInfo

from tests.cloud.seed import ADMIN, EMAIL, PASSWORD, seed
from tests.cloud.server import Cloud
from tests.cloud.store import Store

SAYS = """\
A TEST DOUBLE of a Hikma Health {kind} server. It keeps nothing when it ends, checks no password
properly and is for trying things only. Never put a patient's data into it.

  address   {url}
  account   {email}   {password}
  admin     {admin}   {admin_password}
  holds     {patients} invented patients; time zone {zone}

Ctrl+C ends it. Orders: docs/test-server.md.
"""


def main() -> None:
    """Run until Ctrl+C."""
    ask = argparse.ArgumentParser(prog="python -m tests.cloud", description=__doc__)
    ask.add_argument("--port", type=int, default=8899, help="on 127.0.0.1; 0 for any free one")
    ask.add_argument("--flask", action="store_true", help="the older server instead of v3")
    ask.add_argument("--zone", default="UTC", help="time zone of the server's process")
    ask.add_argument("--patients", type=int, default=0, help="how many invented patients")
    ask.add_argument("--no-limits", action="store_true", help="v3 without its rate limits")
    ask.add_argument("--tls", nargs=2, metavar=("CERTIFICATE", "KEY"), help="speak https")
    ask.add_argument("--quiet", action="store_true", help="print no requests")
    given = ask.parse_args()
    store = Store(zone=ZoneInfo(given.zone))
    seed(store, given.patients)
    cloud = Cloud(store, flask=given.flask, port=given.port, limits=not given.no_limits,
                  loud=not given.quiet, tls=tuple(given.tls) if given.tls else None)  # fmt: skip
    print(SAYS.format(
        kind="Flask" if given.flask else "v3", url=cloud.url, email=EMAIL, password=PASSWORD,
        admin=ADMIN[0], admin_password=ADMIN[1], patients=given.patients, zone=given.zone,
    ), flush=True)  # fmt: skip
    cloud.start()
    try:
        cloud.wait()
    except KeyboardInterrupt:
        cloud.stop()


if __name__ == "__main__":
    main()
