"""Collect the mistakes of an input, so that a user sees all of them at once."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeVar

from nfexplainn.errors import UserError

LIMIT = 10
InputT = TypeVar("InputT")
FoundT = TypeVar("FoundT")


class Problems:
    """Sentences about the mistakes of one input; the first ones are kept, the rest counted.

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

    def add(self, sentence: str, line: int | None = None) -> None:
        """Keep a sentence without its opening; ``line`` counts from 1."""
        self.count += 1
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
        lines = list(self.sentences)
        if self.count > len(lines):
            lines.append(f"{self.source}: and {self.count - len(lines):,} more of this kind.")
        raise UserError("\n".join(lines))


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
