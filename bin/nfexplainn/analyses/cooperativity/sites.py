"""The pairs of motifs that are asked for, each motif as one word to write into a sequence."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nfexplainn.dna import ALPHABET
from nfexplainn.motifs.logos import heights
from nfexplainn.motifs.motif import Motif

TOP = "top"
CONTROL = "GGGCT"  # the paper's
PAIR_COLUMNS = ("pair", "kind", "first", "first_word", "second", "second_word", "reason")
# Letters and the bases they stand for.
IUPAC: Mapping[str, str] = {
    **{"A": "A", "C": "C", "G": "G", "T": "T", "N": "ACGT"},
    **{"R": "AG", "Y": "CT", "S": "CG", "W": "AT", "K": "GT", "M": "AC"},
    **{"B": "CGT", "D": "AGT", "H": "ACT", "V": "ACG"},
}
LEAST_WORD = 4
# A column with less says nothing of which base to write: the backbone's own stays.
LEAST_BITS = 0.5
LEADING = 2
# A single colon: names of profiles such as MAX::MYC hold two.
_COLON = re.compile(r"(?<!:):(?!:)")


@dataclass(frozen=True)
class Pair:
    """Two motifs to put beside each other.

    Attributes
    ----------
    kind : {'homotypic', 'heterotypic', 'control'}
        ``control``: the second is a word without meaning.
    first, second : str
        Names for people.
    first_word, second_word : str
        IUPAC letters.
    reason : str
        Why the pair cannot be looked at; empty where it can.
    """

    kind: str
    first: str
    second: str
    first_word: str = ""
    second_word: str = ""
    reason: str = ""

    @property
    def name(self) -> str:
        """The pair as a user writes it."""
        return f"{self.first}:{self.second}"


def word_of(ppm: NDArray[np.float64]) -> str:
    """Write a motif as its most probable word; N where a column has less than half a bit.

    Columns of no information at the ends are cut off. Empty where no column has any.
    """
    information = heights(ppm).sum(axis=1)
    letters = [
        ALPHABET[int(column.argmax())] if bits >= LEAST_BITS else "N"
        for column, bits in zip(ppm, information, strict=True)
    ]
    return "".join(letters).strip("N")


def split_pairs(text: str) -> list[tuple[str, str]]:
    """Split ``A:B,A:A`` into pairs of names.

    Raises
    ------
    ValueError
        If one of them is no pair: with that text.
    """
    pairs = []
    for item in (part.strip() for part in text.split(",")):
        if not item:
            continue
        names = [name.strip() for name in _COLON.split(item)]
        if len(names) != 2 or not all(names):
            raise ValueError(item)
        pairs.append((names[0], names[1]))
    return pairs


def given_pairs(text: str, known: Iterable[Motif]) -> list[Pair]:
    """Find the motifs of the pairs that a user gave, and add the control of each first motif.

    A text is the id or the name of a known motif (the first of that name), whatever its case, or
    else a word of at least four IUPAC letters.

    Parameters
    ----------
    text : str
        As of :func:`split_pairs`.
    known : iterable of Motif

    Returns
    -------
    list of Pair
        One whose motif is not found says so in ``reason``.
    """
    words: dict[str, tuple[str, str]] = {}
    for motif in known:
        for name in (motif.id, motif.name):
            if name:
                words.setdefault(name.upper(), (motif.name or motif.id, word_of(motif.ppm)))
    pairs = []
    for first, second in split_pairs(text):
        found = [_resolve(name, words) for name in (first, second)]
        reason = "; ".join(dict.fromkeys(why for *_, why in found if why))
        kind = "homotypic" if found[0][1] == found[1][1] and not reason else "heterotypic"
        pairs.append(
            Pair(kind, found[0][0], found[1][0], found[0][1], found[1][1], reason),
        )
    return with_controls(pairs)


def _resolve(name: str, words: Mapping[str, tuple[str, str]]) -> tuple[str, str, str]:
    """Name, word, and what is wrong."""
    if name.upper() in words:
        shown, word = words[name.upper()]
        return shown, word, "" if word else f"the motif {name} has no informative column"
    if all(letter in IUPAC for letter in name.upper()):
        if len(name) < LEAST_WORD:
            return name, "", f"the word {name} is shorter than {LEAST_WORD} letters"
        return name.upper(), name.upper(), ""
    near = difflib.get_close_matches(name.upper(), words, n=1)
    hint = f"; did you mean {words[near[0]][0]}?" if near else ""
    return name, "", f"{name} is neither a known motif nor a word of DNA letters{hint}"


def top_pairs(
    units: Iterable[Mapping[str, str]], motifs: Mapping[str, Motif], effect: str, replicate: int
) -> list[Pair]:
    """Pair the two leading annotated units of a replicate, by effect, each also with itself.

    Units that are called alike count once.

    Parameters
    ----------
    units : iterable of mappings
        Rows of ``D.<model>.units.tsv``; empty where missing.
    motifs : mapping of unit to Motif
        Of that replicate.
    effect : str
        Column of the effects in a task.
    replicate : int
    """
    rows = [
        row
        for row in units
        if row["replicate"] == str(replicate)
        and row["annotation"]
        and row["unit"] in motifs
        and row[effect]
    ]
    leading: list[tuple[str, str]] = []
    for row in sorted(rows, key=lambda row: -float(row[effect])):
        name, word = row["annotation"].split(", ")[0], word_of(motifs[row["unit"]].ppm)
        taken = any(name == other for other, _ in leading)
        if len(word) >= LEAST_WORD and len(leading) < LEADING and not taken:
            leading.append((name, word))
    pairs = [
        Pair("homotypic" if one is two else "heterotypic", one[0], two[0], one[1], two[1])
        for place, one in enumerate(leading)
        for two in leading[place:]
    ]
    return with_controls(pairs)


def with_controls(pairs: Sequence[Pair]) -> list[Pair]:
    """Add, once for each first motif, the pair with a word without meaning."""
    seen: dict[str, Pair] = {}
    for pair in pairs:
        if not pair.reason:
            seen.setdefault(
                pair.first_word,
                Pair("control", pair.first, CONTROL, pair.first_word, CONTROL),
            )
    unique = {(p.first, p.second): p for p in [*pairs, *seen.values()]}
    return list(unique.values())


def letters_of(words: Sequence[str], n: int, seed: int) -> dict[str, NDArray[np.int8]]:
    """Draw what is written for each word into each of n backbones.

    Parameters
    ----------
    words : sequence of str
        IUPAC letters.
    n : int
    seed : int

    Returns
    -------
    dict of str to int8 array, shape (n, width)
        Codes of bases; -1 (for N) leaves the backbone's own. A letter of two or three bases is
        one of them, drawn for each backbone.
    """
    drawn = {}
    for word in dict.fromkeys(words):
        rng = np.random.default_rng([seed, *word.encode()])
        table = np.full((n, len(word)), -1, dtype=np.int8)
        for place, letter in enumerate(word):
            bases = [ALPHABET.index(base) for base in IUPAC[letter]]
            if len(bases) < len(ALPHABET):
                table[:, place] = rng.choice(bases, size=n)
        drawn[word] = table
    return drawn
