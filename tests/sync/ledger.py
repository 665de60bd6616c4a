"""What was saved and acknowledged, kept apart from the program: each save writes a new token.

A token is gone for a reason only when somebody who saw it wrote another in its place, or chose
between it and another in a conflict, or deleted the record, or when every disk that held it died.
All others must stand on the server in the end.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Container, Iterable
from dataclasses import dataclass, field
from typing import Any

Key = tuple[str, str, str]  # table, row id (of an attribute: its pair), column (or answer)
Row = tuple[str, str]
_TOKEN = re.compile(r"t\d{5}")


def tokens_in(value: Any) -> set[str]:
    """The tokens of a text; "both" of a conflict leaves two of them in one."""
    return set(_TOKEN.findall(value)) if isinstance(value, str) else set()


@dataclass
class Ledger:
    """Tokens by the place they were written to."""

    tokens: dict[Key, list[str]] = field(default_factory=dict)
    superseded: dict[tuple[Key, str], set[str]] = field(default_factory=dict)  # what took its place
    forgiven: set[tuple[Key, str]] = field(default_factory=set)  # lost with the disks that had it
    deleted: dict[Row, set[str]] = field(default_factory=dict)  # rows, and who deleted them
    unseen: dict[Key, set[str]] = field(default_factory=dict)  # see ``went_back``
    kept: dict[Key, set[str]] = field(default_factory=dict)  # chosen by somebody; "": nothing
    dropped: dict[Key, set[str]] = field(default_factory=dict)  # chosen against by somebody
    between: dict[Key, set[str]] = field(default_factory=dict)  # see ``_undo``
    waiting: Callable[[Row], set[str]] = field(default=lambda _row: set())  # tokens not sent yet
    over: dict[tuple[Key, str], set[str]] = field(default_factory=dict)  # what its writer saw
    confirmed: set[tuple[Key, str]] = field(default_factory=set)  # agreed once, in live rows
    buried: set[tuple[Key, str]] = field(default_factory=set)  # see ``bury``
    told: list[str] = field(default_factory=list)  # what happened, for the story of a failure
    count: int = 0

    def new(self) -> str:
        """A text that was never written before."""
        self.count += 1
        return f"t{self.count:05d}"

    def wrote(self, key: Key, token: str, over: Any = None) -> None:
        """A save was acknowledged; ``over`` is what stood there before the eyes of the writer."""
        self.tokens.setdefault(key, []).append(token)
        self.told.append(f"{key[0]} {key[1]} {key[2]}: {token} written over {over}")
        self.over.setdefault((key, token), set()).update(tokens_in(over))
        for old in tokens_in(over):
            self._replaced(key, old, token)
        self.written_to((key[0], key[1]), tokens_in(over))

    def written_to(self, row: Row, seen: Iterable[str] = ()) -> None:
        """Something of a row was saved, perhaps only whose it is: a server that went back may have
        that before anybody could notice, and its older state is then the newer one.
        """
        for key, tokens in self.unseen.items():
            if key[:2] == row:
                self.forgive((key, one) for one in tokens - set(seen))

    def chosen(self, key: Key, gone: Iterable[str], now: set[str], *, again: bool) -> None:
        """Who saw both sides let ``now`` stand; ``again``: and sends it anew, old as it may be."""
        self.kept.setdefault(key, set()).update(now or {""})
        if key in self.tokens:  # a visit that was made for what moved has its texts from another
            self.tokens[key] += now.difference(self.tokens[key])
        self.dropped.setdefault(key, set()).update(set(gone) - now)
        unsent = (set(gone) - now) & self.waiting((key[0], key[1]))
        if unsent:  # it was seen at the server before that went back, and will be sent once more
            self.between.setdefault(key, set()).update(unsent | now)
        for old in set(gone) - now:
            for new in now or {""}:
                self._replaced(key, old, new)
                if not again:
                    self._undo(key, new, old)
        for new in now if again else ():
            self.superseded.pop((key, new), None)

    def stands(self, key: Key, tokens: Iterable[str]) -> None:
        """Who saw both sides kept both."""
        for token in tokens:
            self.superseded.pop((key, token), None)
            self.kept.setdefault(key, set()).add(token)

    def copied(self, key: Key, value: Any) -> None:
        """What was kept stands under a new id."""
        for token in tokens_in(value):
            self.tokens.setdefault(key, []).append(token)
            self.told.append(f"{key[0]} {key[1]} {key[2]}: {token} copied")

    def _replaced(self, key: Key, old: str, new: str) -> None:
        if old != new:
            self.told.append(f"{key[0]} {key[1]} {key[2]}: {new} takes the place of {old}")
            self.superseded.setdefault((key, old), set()).add(new)

    def _undo(self, key: Key, token: str, taken_away: str) -> None:
        """What ``taken_away`` itself had replaced is not replaced by it any more. What stood in
        between may stand somewhere unsent, and then it comes after, or nowhere.
        """
        seen: list[str] = [token]
        for one in seen:  # grows while it is walked
            by = self.superseded.get((key, one), set())
            if taken_away in by:
                by.discard(taken_away)
                if one != token:
                    self.between.setdefault(key, set()).update(seen)
                if not by:
                    del self.superseded[key, one]
            seen += [other for other in by if other not in seen]

    def contested(self, key: Key) -> set[str]:
        """Tokens of which nobody can say whether they must stand: chosen by one and chosen against
        by another (after a server went back each machine asks), so who sends last decides.
        """
        both = self.kept.get(key, set()) & self.dropped.get(key, set())
        return both | self.between.get(key, set())

    def forgive(self, lost: Iterable[tuple[Key, str]]) -> None:
        """These are on no disk any more, or nobody can tell that they were overwritten."""
        for key, token in lost:
            self.forgiven.add((key, token))
            self.told.append(f"{key[0]} {key[1]} {key[2]}: {token} is forgiven")

    def delete(self, rows: Iterable[Row], cause: str) -> None:
        """Somebody deleted these, seeing them."""
        for row in rows:
            self.deleted.setdefault(row, set()).add(cause)
            self.told.append(f"{row[0]} {row[1]} deleted: {cause}")

    def bury(self, row: Row, cause: str, tokens: set[tuple[Key, str]]) -> None:
        """The server took a deletion, and had confirmed none of these edits of what was deleted:
        they went with it. A server that is restored has the record without them (docs/sync.md,
        "Windows that remain"), and who takes that one back takes it so.
        """
        if cause in self.deleted.get(row, ()):
            self.buried |= tokens - self.confirmed

    def undelete(
        self, cause: str, back: Container[Row] | None = None, *, as_there: bool = False
    ) -> None:
        """That deletion was taken back; ``back``: of these rows alone (others of it were announced
        as deleted by themselves, and stay so); ``as_there``: the server had taken it, so they are
        back as it has them.
        """
        self.told.append(f"taken back: {cause}")
        for row, causes in self.deleted.items():
            if back is None or row in back:
                if as_there and cause in causes:
                    self.forgive(sorted(one for one in self.buried if one[0][:2] == row))
                causes.discard(cause)

    def is_deleted(self, row: Row) -> bool:
        """Whether somebody wanted it gone."""
        return bool(self.deleted.get(row))

    def story(self, key: Key) -> list[str]:
        """All that was noted about a place."""
        words = {key[1], key[1][:36], *self.tokens.get(key, ())}
        return [line for line in self.told if any(word in line for word in words)]

    def standing(self, key: Key) -> set[str]:
        """The tokens of a place that nobody took away knowingly."""
        return {
            token for token in self.tokens.get(key, ())
            if (key, token) not in self.forgiven and (key, token) not in self.superseded
        }  # fmt: skip

    def doubtful(self, key: Key) -> bool:
        """Whether something was lost with a disk here: then any of its tokens may stand."""
        return any((key, token) in self.forgiven for token in self.tokens.get(key, ()))

    def without_bases(self, key: Key, standing: set[str]) -> set[str]:
        """Of tokens that must stand, those that no other of them was written over. An edit of what
        somebody else has chosen anew meanwhile meets just what its writer saw: it goes in.
        """
        seen = list(standing)
        for token in seen:  # grows while it is walked
            seen += [one for one in self.over.get((key, token), ()) if one not in seen]
        below = {old for token in seen for old in self.over.get((key, token), ())}
        return standing - below
