"""How the sequences of a data set are dealt into parts: one split, or folds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from nfexplainn.assays.checks import lack
from nfexplainn.assays.part_kinds import Parts
from nfexplainn.assays.similar_parts import similar_groups, with_homology
from nfexplainn.assays.spec import Spec
from nfexplainn.data.dataset import SPLITS, Floats
from nfexplainn.data.splits import deal, fold_chromosomes, split_chromosomes, split_random
from nfexplainn.dna import Codes
from nfexplainn.errors import UserError
from nfexplainn.io.coordinates import Coordinates

if TYPE_CHECKING:
    from nfexplainn.assays.common import PrepLog

_DEALT = ("random", "homology")
AUTOMATIC_FOLDS = 5
FEWEST_UNFOLDED = 2_000
"""With fewer positives, one test part shows only what is strong: folds, where nothing speaks
against them."""
Ints = NDArray[np.int64]


def make_parts(
    spec: Spec,
    log: PrepLog,
    source: str,
    given: NDArray[np.str_] | None,
    groups: Ints,
    labels: Floats,
    where: Coordinates,
    codes: Codes,
    *,
    tasks: Sequence[str],
    task_type: str,
    extra: Mapping[str, Any],
) -> Parts:
    """Deal sequences into training, validation and test, or into folds.

    Parameters
    ----------
    spec, log
    source : str
        What the sequences come from, for messages.
    given : array of str, shape (n,), or None
        The split that the sheet gives.
    groups : int64 array, shape (n,)
        What must stay together.
    labels : float32 array, shape (n, tasks)
    where : Coordinates
    codes : uint8 array, shape (n, length)
    tasks : sequence of str
    task_type : str
    extra : mapping
        What the metadata say already.

    Raises
    ------
    UserError
        If it cannot be done.
    """
    options = spec.options
    folds = 1 if options.folds is None else options.folds
    if folds > 1 and given is not None:
        how = extra.get("split_column")
        by = f"the column '{how}' of the table" if how else "the column split of the sheet"
        raise UserError(
            f"{spec.id}: folds {folds} cannot be used with a given split ({by}), which already sets"
            " the test part; leave one of them out."
        )
    plain = groups
    if options.split_by == "homology":
        if given is not None:
            raise UserError(
                f"{spec.id}: split_by homology cannot be used with a given split, which already"
                " sets the test part; leave the column split (or split_column) out, or use split_by"
                " given."
            )
        groups = similar_groups(spec, source, codes, where, pad=int(extra.get("pad") or 0))
    # A task that is called like the column of the folds never needed another name before.
    free = given is None and options.split_by in _DEALT and "fold" not in tasks
    if folds == 0 and free and _is_small(groups, labels, task_type):
        folds = _choose_folds(spec, log, groups, labels, task_type)
    rng = spec.rng("split")
    if folds > 1:
        made = _make_folds(spec, log, source, folds, groups, labels, where, rng)
        return with_homology(made, spec, log, plain, groups, labels)
    if given is not None:
        split, drawn = _complete(given, groups, labels, spec, rng)
        _note_drawn(drawn, extra, log)
        return Parts(split, extra={"split_at_random": drawn, "split_by": "given"})
    if options.split_by == "chromosome":
        try:
            split, valid, test = split_chromosomes(
                where,
                options.valid_chromosomes,
                options.test_chromosomes,
                options.valid_fraction,
                options.test_fraction,
            )
        except UserError as error:
            raise UserError(f"{spec.id} ({source}): {error}") from error
        log.note(f"Validation: {', '.join(valid)}; test: {', '.join(test) or 'none'}.")
        chosen = {"valid_chromosomes": list(valid), "test_chromosomes": list(test)}
        return Parts(split, extra=chosen | {"split_by": "chromosome"})
    split = split_random(groups, labels, options.valid_fraction, options.test_fraction, rng)
    _note_fractions(split, groups, spec, log)
    made = Parts(split, extra={"split_by": options.split_by})
    return with_homology(made, spec, log, plain, groups, labels)


def _is_small(groups: Ints, labels: Floats, task_type: str) -> bool:
    """Tell whether a data set is small, and not so small that a fold would hold nothing."""
    enough = int(groups.max(initial=-1)) + 1 >= 10 * AUTOMATIC_FOLDS
    if not enough or task_type not in ("binary", "multilabel"):
        return False
    return int((labels == 1).any(axis=1).sum()) < FEWEST_UNFOLDED


def _choose_folds(spec: Spec, log: PrepLog, groups: Ints, labels: Floats, task_type: str) -> int:
    """Give the number of folds of a small data set: 1 where some fold could tell nothing."""
    fold = deal(groups, labels, [1 / AUTOMATIC_FOLDS] * AUTOMATIC_FOLDS, spec.rng("split"))
    for number in range(AUTOMATIC_FOLDS):
        missing = lack(labels[fold == number], task_type)
        if missing:
            log.note(
                "There is one split, although folds are the default with fewer than"
                f" {FEWEST_UNFOLDED:,} positives: of {AUTOMATIC_FOLDS} folds one would have"
                f" {missing}."
            )
            return 1
    return AUTOMATIC_FOLDS


def _make_folds(
    spec: Spec,
    log: PrepLog,
    source: str,
    folds: int,
    groups: Ints,
    labels: Floats,
    where: Coordinates,
    rng: np.random.Generator,
) -> Parts:
    """Make folds of whole groups, or of whole chromosomes."""
    extra: dict[str, Any] = {"split_by": spec.options.split_by}
    try:
        if spec.options.split_by == "chromosome":
            fold, extra["fold_chromosomes"] = fold_chromosomes(where, folds)
        else:
            fold = deal(groups, labels, [1 / folds] * folds, rng)
    except UserError as error:
        raise UserError(f"{spec.id} ({source}): {error}") from error
    sizes = np.bincount(fold, minlength=folds)
    if not sizes.all():
        raise UserError(
            f"{spec.id} ({source}): {folds} folds need as many groups of sequences that can be"
            f" separated, but there are {int(groups.max(initial=-1)) + 1:,}; use fewer folds."
        )
    least, most = int(sizes.min()), int(sizes.max())
    log.note(
        f"{folds}-fold cross-validation: every sequence was held out once. Each model was tested on"
        " one fold, early-stopped on the next and trained on the others"
        f" ({least:,}{'' if least == most else f' to {most:,}'} sequences a fold)."
    )
    if spec.options.folds == 0:
        log.note(
            f"Folds were chosen because there are fewer than {FEWEST_UNFOLDED:,} positives: a"
            " single test part would show strong motifs only; --folds 1 makes one split."
        )
    return Parts(np.zeros(0, dtype="<U5"), fold.astype(np.int8), extra, folds)


def note_untrained(
    parts: Parts, labels: Floats, tasks: Sequence[str], task_type: str, log: PrepLog
) -> None:
    """Say which tasks have no example in training: metrics and means leave them out."""
    known = ~np.isnan(labels) if task_type == "regression" else labels == 1
    if parts.fold is not None:
        _note_rare(parts, known, tasks, log)
        return
    split = parts.split
    for column, task in enumerate(tasks):
        counts = {part: int(known[split == part, column].sum()) for part in SPLITS}
        if not counts["train"] and any(counts.values()):
            log.note(
                f"{task} has no example in the training part ({counts['valid']:,} in validation,"
                f" {counts['test']:,} in test): it cannot be learnt, has no score and is left out"
                " of means."
            )
        elif task_type == "regression" and not counts["train"]:
            log.note(f"{task} has no value at all: it cannot be learnt and is left out of means.")


def _note_rare(parts: Parts, known: NDArray[np.bool_], tasks: Sequence[str], log: PrepLog) -> None:
    """Say which tasks have no example in the training part of some replicates."""
    trained = np.stack([known[one].any(axis=0) for one in parts.trained()])
    for task, folds, count in zip(
        tasks, trained.sum(axis=0).tolist(), known.sum(axis=0).tolist(), strict=True
    ):
        if folds < parts.folds:
            log.note(
                f"{task} has {count:,} examples, in too few folds: {parts.folds - folds} of"
                f" {parts.folds} models see none of them and have no score for it."
            )


def _complete(
    given: NDArray[np.str_],
    groups: Ints,
    labels: Floats,
    spec: Spec,
    rng: np.random.Generator,
) -> tuple[NDArray[np.str_], list[str]]:
    """Carve validation (and test) out of training where none is given, and name what was."""
    split = given.astype(f"<U{max(map(len, SPLITS))}")
    options = spec.options
    shares = {"valid": options.valid_fraction, "test": options.test_fraction}
    for name in shares:
        if (split == name).any():
            shares[name] = 0.0
    if any(shares.values()):
        rows = np.flatnonzero(split == "train")
        _, local = np.unique(groups[rows], return_inverse=True)
        split[rows] = split_random(local, labels[rows], shares["valid"], shares["test"], rng)
    return split, [name for name, share in shares.items() if share]


def _note_drawn(drawn: list[str], extra: Mapping[str, Any], log: PrepLog) -> None:
    """Say which parts were not given; of groups of a column that is said where they are chosen."""
    if not drawn or "split_groups" in extra:
        return
    column = extra.get("split_column")
    source = f"column '{column}' of the table" if column else "column 'split' of the sheet"
    words = {"valid": "validation", "test": "test"}
    was = "part: it was" if len(drawn) == 1 else "part: they were"
    named = " and no ".join(words[name] for name in drawn)
    log.note(f"The {source} gives no {named} {was} taken at random from training.")


def _note_fractions(split: NDArray[np.str_], groups: Ints, spec: Spec, log: PrepLog) -> None:
    """Say so where sequences that belong together make the wanted fractions impossible."""
    largest = int(np.bincount(groups).max())
    alike = "similar" if spec.options.split_by == "homology" else "overlapping or equal"
    for name, wanted in (
        ("valid", spec.options.valid_fraction),
        ("test", spec.options.test_fraction),
    ):
        got = float((split == name).mean())
        if abs(got - wanted) > max(0.2 * wanted, 2 / len(split)):
            log.note(
                f"The {name} part holds {100 * got:.1f} % of the sequences instead of"
                f" {100 * wanted:g} %, because up to {largest:,} {alike} sequences had to stay"
                " together."
            )
