"""Values of JSON held against the types of a dataclass, before any of them is used."""

from __future__ import annotations

import dataclasses
import math
import types
from collections.abc import Mapping
from typing import Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

from nfexplainn.errors import UserError, printable

_LARGEST = 1 << 53  # whole numbers that JSON holds everywhere
_SHOWN = 60
_LONGEST = 4096  # as of a path
_CALLED = {
    int: "a whole number",
    float: "a number",
    bool: "true or false",
    str: "one line of text",
}
KindT = TypeVar("KindT")


class _MismatchError(Exception):
    """A value is of another type."""


class _SteeringError(Exception):
    """A text holds what cannot be seen, or is as long as a file."""


def typed(
    kind: type[Any], values: Mapping[str, Any], source: str = "", *, ours: bool = False
) -> dict[str, Any]:
    """Pick the fields of a dataclass out of JSON values, each with the type of its field.

    Null is as if it were not there. A list of texts may be one text with commas; a number may
    stand for a text; a whole number for any.

    Parameters
    ----------
    kind : type
        A dataclass.
    values : mapping
        Other keys are left out.
    source : str
        The file, for messages.
    ours : bool
        Whether the values are of a file that we wrote, whose texts may be of any kind and length.

    Returns
    -------
    dict

    Raises
    ------
    UserError
        With a sentence per value of another type.
    """
    opening = f"{source}: " if source else ""
    if not isinstance(values, Mapping):
        raise UserError(f"{opening}{_show(values)} is not a group of settings; put them in braces.")
    hints = get_type_hints(kind)
    found, wrong = {}, []
    for field in dataclasses.fields(kind):
        value = values.get(field.name)
        if value is None:
            continue
        try:
            found[field.name] = _fit(value, hints[field.name])
            if not ours:
                _check_texts(found[field.name])
        except _SteeringError:
            wrong.append(
                f"{opening}{field.name} holds an invisible character, or is too long; write it"
                f" again: {_show(value)}."
            )
        except _MismatchError:
            wanted = _called(hints[field.name])
            wrong.append(f"{opening}{field.name} is {_show(value)}; give {wanted}.")
    if wrong:
        raise UserError("\n".join(wrong))
    return found


def from_json(kind: type[KindT], values: Any, source: str) -> KindT:
    """Make a dataclass of JSON values, as :func:`typed` reads them.

    Raises
    ------
    UserError
        If a value is of another type, or a field without a default has none.
    """
    found = typed(kind, values, source, ours=True)
    for field in dataclasses.fields(kind):  # type: ignore[arg-type]
        bare = field.default is field.default_factory is dataclasses.MISSING
        if bare and field.name not in found:
            raise UserError(f"{source}: {field.name} is missing; make the file again.")
    return kind(**found)


def _fit(value: Any, hint: Any) -> Any:
    """Give a value in a type, or raise."""
    if hint is Any or hint is type(None):
        return value
    origin, inner = get_origin(hint), get_args(hint)
    if origin in (Union, types.UnionType):
        # The value's own type first: a number may stand for a text.
        for one in sorted(inner, key=lambda one: type(value) is not one):
            try:
                return _fit(value, one) if one is not type(None) else _refuse()
            except _MismatchError:
                continue
        return _refuse()
    if origin is Literal:
        return value if isinstance(value, str) and value in inner else _refuse()
    if origin is tuple:
        return _fit_list(value, inner[0])
    if origin is not None and issubclass(origin, Mapping):
        if not isinstance(value, dict) or not all(isinstance(key, str) for key in value):
            return _refuse()
        return {key: _fit(one, inner[1]) for key, one in value.items()}
    return _fit_one(value, hint)


def _fit_list(value: Any, hint: Any) -> tuple[Any, ...]:
    """Give a list as a tuple; of texts it may be one text with commas."""
    if hint is not str:
        return tuple(_fit(one, hint) for one in value) if _is_list(value) else _refuse()
    parts = value.split(",") if isinstance(value, str) else value
    if _is_number(parts):
        parts = [parts]
    if not _is_list(parts):
        return _refuse()
    texts = (str(_fit(part, str)).strip() for part in parts)
    return tuple(text for text in texts if text)


def _fit_one(value: Any, hint: type[Any]) -> Any:
    """Give a single value in a type."""
    if hint is bool:
        return value if isinstance(value, bool) else _refuse()
    if hint is str:
        return str(value) if isinstance(value, str) or _is_number(value) else _refuse()
    if hint in (int, float):
        if not _is_number(value) or not abs(value) <= (_LARGEST if hint is int else 1e300):
            return _refuse()
        if hint is int and value != int(value):
            return _refuse()
        return hint(value)
    if dataclasses.is_dataclass(hint):
        return value if isinstance(value, dict | hint) else _refuse()
    return value


def _check_texts(value: Any) -> None:
    """Refuse texts that steer a terminal, break a line of a table, or are as long as a file."""
    for text in value if isinstance(value, tuple) else (value,):
        if isinstance(text, str) and (
            len(text) > _LONGEST or "\n" in text or printable(text) != text
        ):
            raise _SteeringError


def _is_number(value: Any) -> bool:
    """Tell whether a value is a number that is finite."""
    if isinstance(value, bool):
        return False
    return isinstance(value, int) or (isinstance(value, float) and math.isfinite(value))


def _is_list(value: Any) -> bool:
    return isinstance(value, list | tuple)


def _refuse() -> Any:
    raise _MismatchError


def _called(hint: Any) -> str:
    """Say what a type is for a user."""
    origin, inner = get_origin(hint), get_args(hint)
    if origin in (Union, types.UnionType):
        return " or ".join(_called(one) for one in inner if one is not type(None))
    if origin is Literal:
        return " or ".join(map(str, inner))
    if origin is tuple:
        return "a list of strings" if inner[0] is str else "a list"
    return _CALLED.get(hint, "settings in braces")


def _show(value: Any) -> str:
    """Show a value, however long."""
    if isinstance(value, int) and abs(value) > _LARGEST:
        return "a number that is out of range"
    text = repr(value)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}..."
