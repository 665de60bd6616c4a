"""What was saved and acknowledged, kept apart from the program: each save writes a new token.

A token is gone for a reason only when somebody who saw it wrote another in its place, or chose
between it and another in a conflict, or deleted the record. All others must stand on the server in
the end.
"""

from __future__ import annotations

from dataclasses import dataclass, field

Key = tuple[str, str, str]  # table, row id, column (or answer)


@dataclass
class Ledger:
    """Tokens by the place they were written to."""

    tokens: dict[Key, list[str]] = field(default_factory=dict)
    superseded: dict[str, str] = field(default_factory=dict)  # token -> what took its place
    forgiven: set[str] = field(default_factory=set)  # lost with a disk, before they were sent
    deleted: set[tuple[str, str]] = field(default_factory=set)  # rows that somebody deleted
    told: list[str] = field(default_factory=list)  # what happened, for the story of a failure
    count: int = 0

    def new(self) -> str:
        """A text that was never written before."""
        self.count += 1
        return f"t{self.count:05d}"

    def wrote(self, key: Key, token: str, over: object = None) -> None:
        """A save was acknowledged; ``over`` is what stood there before the eyes of the writer."""
        self.tokens.setdefault(key, []).append(token)
        self.told.append(f"{key[0]} {key[1]} {key[2]}: {token} written over {over}")
        self.replaced(over, token)

    def replaced(self, old: object, new: object, *, again: bool = False) -> None:
        """Who saw both let ``new`` stand; ``again``: and sends it anew, older as it may be."""
        if isinstance(old, str) and old != new:
            self.told.append(f"{new} takes the place of {old}")
            self.superseded[old] = str(new)
            if again:
                self.superseded.pop(str(new), None)
            else:
                self._undo(str(new), old)

    def _undo(self, token: str, taken_away: str) -> None:
        """What ``taken_away`` itself had replaced is not replaced by it any more."""
        while token in self.superseded:
            by = self.superseded[token]
            if by == taken_away:
                del self.superseded[token]
                return
            token = by

    def story(self, key: Key) -> list[str]:
        """All that was noted about a place."""
        words = {key[1], *self.tokens.get(key, ())}
        return [line for line in self.told if any(word in line for word in words)]

    def standing(self, key: Key) -> set[str]:
        """The tokens of a place that nobody took away knowingly."""
        return {
            token
            for token in self.tokens.get(key, ())
            if token not in self.forgiven
            and (token not in self.superseded or self._lost(self.superseded[token]))
        }

    def doubtful(self, key: Key) -> bool:
        """Whether something was lost with a disk here: then any of its tokens may stand."""
        return any(token in self.forgiven for token in self.tokens.get(key, ()))

    def _lost(self, token: str) -> bool:
        return token in self.forgiven
