"""The real program, killed with SIGKILL at random moments: nothing that it acknowledged is lost.

50 kills in CI; HIKMA_TUI_NIGHTLY=1 makes 1,000 (docs/faults.md).
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cloud.seed import RIGHTS
from tests.faults.kills import NIGHTLY, Account, seeds, told
from tests.faults.kills_screen import ScreenAccount
from tests.faults.kills_sync import SyncAccount
from tests.terminal.terminal import clinic
from tests.unit.program import new_clinic
from tests.unit.sync_running import joined

PIPE = 700 if NIGHTLY else 34
SYNC = 250 if NIGHTLY else 12
SCREEN = 50 if NIGHTLY else 4
PER_STORE = 35  # so that the checks of a whole store stay quick


@pytest.mark.parametrize("lane", range(2))
def test_nothing_acknowledged_on_a_pipe_is_lost(tmp_path: Path, lane: int) -> None:
    dice, accounts = seeds(11 + lane), list[Account]()
    for number in range(PIPE // 2):
        if number % PER_STORE == 0:
            place = new_clinic(tmp_path / f"clinic{number}")
            accounts.append(Account(place, dice))
        accounts[-1].kill_once()
    print(told(accounts))
    assert sum(account.acknowledged for account in accounts) > PIPE // 2
    assert sum(account.cut for account in accounts) > PIPE // 8


def test_nothing_is_lost_or_called_confirmed_when_a_sync_is_killed(tmp_path: Path) -> None:
    dice, kills, done = seeds(21), 0, list[SyncAccount]()
    while kills < SYNC:
        with joined(tmp_path / f"clinic{len(done)}", patients=40) as (site, cloud):
            site.store.close()
            for rights in cloud.store.rows["user_clinic_permissions"].values():
                rights |= dict.fromkeys(RIGHTS, True)
            account = SyncAccount(site.directory, cloud, site.actor, dice)
            account.theirs = {
                str(row["id"]): {str(row["given_name"])} for row in cloud.store.live("patients")
            }
            for _number in range(PER_STORE):
                account.kill_once()
                if kills + account.kills >= SYNC:
                    break
            account.end()
            done.append(account)
            kills += account.kills
    over, called = sum(a.whole for a in done), sum(a.confirmed for a in done)
    print(f"{kills} kills, {over} runs were over before, {called} rows called confirmed")
    print("it was at", [account.phases for account in done])
    assert sum(account.confirmed for account in done) > SYNC


def test_nothing_that_the_screen_called_saved_is_lost(tmp_path: Path) -> None:
    dice, accounts = seeds(31), list[ScreenAccount]()
    for number in range(SCREEN):
        if number % 10 == 0:
            place = tmp_path / f"clinic{number}"
            clinic(place)[0].close()
            accounts.append(ScreenAccount(place, dice))
        accounts[-1].kill_once()
    accounts[-1].offered()
    saved, kept = sum(a.acknowledged for a in accounts), sum(a.drafts for a in accounts)
    print(f"{SCREEN} kills, {saved} acknowledged saves, {kept} words found in drafts")
    assert saved > SCREEN / 2
