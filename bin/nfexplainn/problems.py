"""Collect the mistakes of an input, so that a user sees all of them at once."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeVar

from nfexplainn.errors import UserError

LIMIT = 10
SAME = 3
InputT = TypeVar("InputT")
FoundT = TypeVar("FoundT")


class ErrorCollector:
    """Sentences about the mistakes of one input; the first ones are kept, the rest counted.

    Many mistakes of one cause are told once.

    Parameters
    ----------
    source : str
        The input's name as the user wrote it; it opens every sentence.
    limit : int
        How many sentences to keep.
    """

    def __init__(self, source: str, limit: int = LIMIT) -> None:
        self.source = source
        self.limit = limit
        self.sentences: list[str] = []
        self.count = 0
        self._causes: dict[str, list[int]] = {}

    def add(self, sentence: str, line: int | None = None, cause: str = "") -> None:
        """Keep a sentence without its opening; ``line`` counts from 1.

        Of more than three sentences of one ``cause`` the first alone is told, and their number.
        """
        self.count += 1
        if cause:
            counted = self._causes.setdefault(cause, [0])
            counted[0] += 1
            if counted[0] > SAME:
                return
            counted.append(len(self.sentences))
        if len(self.sentences) < self.limit:
            place = self.source if line is None else f"{self.source}, line {line}"
            self.sentences.append(f"{place}: {sentence}")

    def stop(self) -> None:
        """Raise what was collected.

        Raises
        ------
        UserError
            If there is any mistake.
        """
        if not self.count:
            return
        lines: list[str | None] = list(self.sentences)
        told = len(lines)
        for number, first, *more in self._causes.values():
            if number > SAME and first < len(lines):
                lines[first] = f"{lines[first]} {number - 1:,} more lines have the same mistake."
                for place in more:
                    if place < len(lines):
                        lines[place] = None
                told += number - SAME
        if self.count > told:
            lines.append(f"{self.source}: and {self.count - told:,} more of this kind.")
        raise UserError("\n".join(line for line in lines if line is not None))


def gather(errors: list[UserError]) -> None:
    """Raise the errors of several inputs as one; do nothing where there are none."""
    if errors:
        raise UserError("\n".join(str(error) for error in errors))


def read_each(inputs: Iterable[InputT], read: Callable[[InputT], FoundT]) -> list[FoundT]:
    """Read several inputs in turn.

    Raises
    ------
    UserError
        For the mistakes of all of them, once all were read.
    """
    found: list[FoundT] = []
    errors: list[UserError] = []
    for one in inputs:
        try:
            found.append(read(one))
        except UserError as error:
            errors.append(error)
    gather(errors)
    return found
