"""The real program, killed with SIGKILL at random moments: nothing that it acknowledged is lost.

50 kills in CI; HIKMA_TUI_NIGHTLY=1 makes 1,000 (docs/faults.md).
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.faults.kills import NIGHTLY, Account, seeds, told
from tests.unit.program import new_clinic

PIPE = 700 if NIGHTLY else 34
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
