"""The options of ``users``: what parsing needs, without anything heavy behind it."""

from __future__ import annotations

import argparse

from hikma_tui.i18n import _

ACTIONS = (
    "list", "add", "rename", "role", "remove", "flags", "pin", "recovery", "service", "services",
    "revoke", "lock-minutes",
)  # fmt: skip

FLAGS = (
    "can_register_patients", "can_view_history", "can_edit_records", "can_delete_records",
    "is_clinic_admin", "can_edit_other_provider_event", "can_download_patient_reports",
    "can_prescribe_medications", "can_dispense_medications", "can_delete_patient_visits",
    "can_delete_patient_records",
)  # fmt: skip


def users_options(verb: argparse.ArgumentParser) -> None:
    """What ``users`` takes (docs/lock.md). ``flags NAME +flag -flag``: each flag with a minus is
    an option of its own, since the parser takes no other word with a dash.
    """
    verb.add_argument("action", choices=ACTIONS, nargs="?", default="list", help=_("what to do"))
    verb.add_argument("words", metavar="NAME", nargs="*", help=_("whom; then a new name, +flags"))
    verb.add_argument("--role", default="provider", help=_("registrar, provider, admin"))
    verb.add_argument("--json", action="store_true", help=_("one JSON document"))
    verb.add_argument("--file", metavar="F", help=_("a new file for the service's token"))
    verb.add_argument(
        "--recovery", action="store_true", help=_("by the recovery code instead of the PIN")
    )
    verb.add_argument("--remove", action="store_true", help=_("pin: take it away"))
    verb.add_argument(
        "--new-pin-fd", metavar="N", type=_descriptor, help=_("read the new PIN from there")
    )
    for flag in FLAGS:
        verb.add_argument(
            f"-{flag}", dest="off", action="append_const", const=flag, help=argparse.SUPPRESS
        )


def _descriptor(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 6):
        raise argparse.ArgumentTypeError(_("not a whole number"))
    return int(text)
