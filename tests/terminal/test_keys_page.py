"""docs/keys.md says what the code does; HIKMA_TUI_GOLDEN=write writes it anew."""

from __future__ import annotations

import os
from importlib import import_module

from hikma_tui.app.main import HikmaApp
from hikma_tui.widgets.keys import Action
from tests.terminal.terminal import ROOT

PAGE = ROOT / "docs" / "keys.md"
SCREENS = {
    "Set-up": ("setup", "SetupScreen"),
    "Find": ("find", "FindScreen"),
    "Register and edit": ("register", "RegisterScreen"),
    "Patient": ("patient", "PatientScreen"),
    "Visit": ("visit", "VisitScreen"),
    "Enter a visit": ("visit_entry", "VisitEntryScreen"),
    "Fill a form": ("event_form", "EventFormScreen"),
    "Enter vital signs": ("vitals_entry", "VitalsEntryScreen"),
    "Vital signs and measures over time": ("vitals_history", "VitalsHistoryScreen"),
    "Problems": ("problems", "ProblemsScreen"),
    "Allergies": ("allergies", "AllergiesScreen"),
    "Medicines": ("medicines", "MedicinesScreen"),
    "Deceased, moved away, referred": ("status", "StatusScreen"),
    "Answers to one form over time": ("form_history", "FormHistoryScreen"),
    "Report": ("report", "ReportScreen"),
    "Undo a deletion": ("undo", "UndoScreen"),
    "Sync": ("sync", "SyncScreen"),
    "What needs you": ("sync_needs", "NeedsScreen"),
    "Log of syncs": ("sync_log", "LogScreen"),
    "Conflicts": ("conflicts", "ConflictsScreen"),
    "One record in conflict": ("conflicts_choice", "ChoiceScreen"),
    "Connect to a server": ("connect", "ConnectScreen"),
    "Before joining": ("connect_plan", "PlanScreen"),
    "Joined to a server": ("connect_joined", "JoinedScreen"),
    "Copies": ("backups", "BackupsScreen"),
    "Locked": ("lock", "LockScreen"),
    "Users": ("users", "UsersScreen"),
}
HEAD = """# Keys

Everything is done by keyboard. A letter typed outside a text field begins a search. The digits of
an Arabic keyboard do the same as 0 to 9. F1 shows the keys of the screen you are on.
"""


def table(title: str, actions: tuple[Action, ...]) -> str:
    rows = []
    for action in actions:
        keys = [action.shown_key] if action.key else ["(Ctrl+P, by name)"]
        keys += ["+".join(p.capitalize() for p in key.split("+")) for key in action.more_keys]
        rows.append(f"| {', '.join(keys)} | {action.help or action.label} |")
    return "\n".join([f"\n## {title}\n", "| key | what it does |", "|---|---|", *rows, ""])


def page() -> str:
    parts = [HEAD, table("Everywhere", HikmaApp.ACTIONS)]
    for title, (module, name) in SCREENS.items():
        screen = getattr(import_module(f"hikma_tui.screens.{module}"), name)
        parts.append(table(title, screen.ACTIONS))
    return "".join(parts)


def test_the_page_of_keys_is_what_the_code_does() -> None:
    if os.environ.get("HIKMA_TUI_GOLDEN") == "write":
        PAGE.write_text(page(), encoding="utf-8")
    assert PAGE.read_text(encoding="utf-8") == page()
