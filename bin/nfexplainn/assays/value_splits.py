"""Split a table by one of its columns: given parts, or groups that stay together."""

from __future__ import annotations

from collections import Counter

import numpy as np
from numpy.typing import NDArray

from nfexplainn.assays.common import PrepLog, check_splits, joint_source, place
from nfexplainn.assays.spec import Spec
from nfexplainn.assays.value_options import ValueOptions
from nfexplainn.data.splits import choose_groups
from nfexplainn.errors import UserError

_PARTS = {
    **dict.fromkeys(("train", "training"), "train"),
    **dict.fromkeys(("valid", "validation", "val", "dev"), "valid"),
    **dict.fromkeys(("test", "testing"), "test"),
}


def check_parts(spec: Spec, options: ValueOptions) -> None:
    """Refuse two splits at once, and groups without a column.

    Raises
    ------
    UserError
    """
    if options.split_column:
        given = next((row for row in spec.rows if row.split), None)
        if given:
            raise UserError(
                f"{place(given)}: the column 'split' and --split_column both split '{spec.id}';"
                " use one of them."
            )
    else:
        check_splits(spec)
        if options.valid_groups or options.test_groups:
            raise UserError(
                f"{spec.id}: valid_groups and test_groups name groups of a column; say which with"
                " --split_column."
            )


def split_by_column(
    groups: list[str], spec: Spec, options: ValueOptions, log: PrepLog
) -> tuple[NDArray[np.str_], dict[str, list[str]] | None]:
    """Split by a column: its cells are parts of a split, or groups that stay together.

    Returns
    -------
    part : array of str, shape (n,)
    held_out : dict of str to list of str, or None
        The groups of ``valid`` and ``test``; None where the cells are parts.

    Raises
    ------
    UserError
        If nothing is left to train on, or a group is unknown.
    """
    counts = Counter(groups)
    column = options.split_column
    if all(name.lower() in _PARTS for name in counts):
        parts = [_PARTS[name.lower()] for name in groups]
        if "train" not in parts:
            raise UserError(
                f"{spec.id}: the column '{column}' says {', '.join(sorted(counts))} in every row,"
                " so there is nothing to train on; leave split_column out for a random split, or"
                " name another column."
            )
        return np.array(parts, dtype="<U5"), None
    words = [name for name in counts if name.lower() not in _PARTS]
    if any(_PARTS.get(name.lower()) == "train" for name in counts):
        said = ", ".join(f"'{name}' ({counts[name]:,} rows)" for name in words[:5])
        raise UserError(
            f"{spec.id} ({joint_source(spec)}): the column '{column}' says {said} besides train;"
            " write train, valid or test in every row, or remove these rows."
        )
    wanted = {"valid_groups": options.valid_groups, "test_groups": options.test_groups}
    for option, names in wanted.items():
        unknown = [name for name in names if name not in counts]
        if unknown:
            raise UserError(
                f"{option}: the column '{column}' has no '{unknown[0]}'; it has"
                f" {', '.join(list(counts)[:8])}{' and others' if len(counts) > 8 else ''}."
            )
    both = set(options.valid_groups) & set(options.test_groups)
    if both:
        raise UserError(f"'{min(both)}' is both in valid_groups and in test_groups.")
    valid, test = options.valid_groups, options.test_groups
    sizes = dict(counts)
    test = test or choose_groups(sizes, spec.options.test_fraction, set(valid))
    if not valid and len(counts) - len(test) > 1:
        valid = choose_groups(sizes, spec.options.valid_fraction, set(test))
        if sum(counts[name] for name in valid) > 1.5 * spec.options.valid_fraction * len(groups):
            valid = ()  # few large groups: validation is taken at random from training
    left = set(counts) - set(valid) - set(test)
    if not left:
        raise UserError(
            f"{spec.id}: the column '{column}' has {len(counts)} groups"
            f" ({', '.join(list(counts)[:8])}), and none is left to train on; name fewer in"
            " valid_groups and test_groups, or use another column."
        )
    said = f"validation: {', '.join(valid) or 'at random from training'}; test: {', '.join(test)}"
    log.note(f"Split by {column}; {said}.")
    part = {
        name: "valid" if name in valid else "test" if name in test else "train" for name in counts
    }
    held_out = {"valid": list(valid), "test": list(test)}
    return np.array([part[name] for name in groups], dtype="<U5"), held_out
