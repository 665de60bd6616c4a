"""The ledger of the stories: what it forgives, and what it does not."""

from __future__ import annotations

from tests.sync.ledger import Key, Ledger

_VISIT: Key = ("visits", "1", "provider_name")
_ROW = _VISIT[:2]


def test_a_text_that_came_with_a_move_stands_when_somebody_chose_it() -> None:
    """The visit that a move makes has its texts from another: nobody wrote them to it."""
    ledger = Ledger()
    ledger.wrote(_VISIT, "t00002", "t00001")
    ledger.chosen(_VISIT, {"t00002"}, {"t00001"}, again=True)
    assert ledger.standing(_VISIT) == {"t00001"}


def _deleted_with(*, confirmed: bool) -> Ledger:
    """An edit, and a deletion by "m1" that the server has taken."""
    ledger = Ledger()
    ledger.wrote(_VISIT, "t00001")
    ledger.wrote(_VISIT, "t00002", "t00001")
    if confirmed:
        ledger.confirmed.add((_VISIT, "t00002"))
    ledger.delete([_ROW], "m1")
    ledger.bury(_ROW, "m1", {(_VISIT, "t00002")})
    return ledger


def test_an_edit_that_no_server_confirmed_went_with_the_deletion_that_it_took() -> None:
    ledger = _deleted_with(confirmed=False)
    ledger.undelete("m1", as_there=True)
    assert ledger.doubtful(_VISIT)


def test_it_did_not_go_where_it_was_confirmed_or_the_server_had_not_heard_of_the_deletion() -> None:
    for confirmed, as_there in ((True, True), (False, False)):
        ledger = _deleted_with(confirmed=confirmed)
        ledger.undelete("m1", as_there=as_there)
        assert not ledger.doubtful(_VISIT)
        assert ledger.standing(_VISIT) == {"t00002"}
    ledger = _deleted_with(confirmed=False)
    ledger.undelete("m2", as_there=True)
    assert not ledger.doubtful(_VISIT)
