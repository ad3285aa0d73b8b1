"""The compact form of the wire: the same JSON, in columns, deflated with a dictionary.

On a 2G link the bytes of a request are its time. Plain JSON says the same and is always taken.
Whatever is packed is unpacked to an equal value, so digests and receipts don't know the form.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, cast

from shared.canonical import Json, MalformedJsonError, parse_json
from shared.ids import ID_LENGTH, InvalidIdError, id_number, id_of_number
from shared.wire.compact_dictionary import DICTIONARY_1

__all__ = ["COMPACT", "columns", "pack", "rows", "unpack"]

COMPACT = "application/vnd.liandong.compact"
"""The media type."""

CELLS_MAX = 500_000
"""More values than this no body of ours unfolds to."""

_DICTIONARIES = {1: DICTIONARY_1}
_NEWEST = 1
_NEAR = 2**44
_PHONE_DIGITS_MAX = 15
_KEYS_MAX = 40

# What a list, or a column, is: the first member tells.
_PLAIN = 0  # The members as they are.
_TABLE = 1  # Objects: their keys, then a column for each key.
_STEPS = 2  # Integers: the first, then differences.
_IDS = 3  # Ids: as text, or as the difference to the one before.
_DIGITS = 4  # Texts that are decimal numbers.
_SOME = 5  # A mask of 0 and 1, then the column of those that are there.
_PARTS = 6  # Lists of one length: a column for each place.
_MAPS = 7  # Objects with keys of their own each: how many, all keys, all values.


def pack(value: Json) -> bytes:
    """Return the compact bytes of *value*."""
    text = json.dumps(
        columns(value), ensure_ascii=False, sort_keys=True, separators=(",", ":")
    ).encode()
    deflater = zlib.compressobj(9, zlib.DEFLATED, -15, 9, zdict=_DICTIONARIES[_NEWEST])
    return bytes([_NEWEST]) + deflater.compress(text) + deflater.flush()


def unpack(content: bytes, *, bytes_max: int) -> Json:
    """Read what `pack` made.

    Raises:
        MalformedJsonError: It is none, or no JSON of the house.
        OverflowError: It holds more than *bytes_max* bytes of JSON.
    """
    dictionary = _DICTIONARIES.get(content[0]) if content else None
    if dictionary is None:
        raise MalformedJsonError("an unknown version of the compact form")
    inflater = zlib.decompressobj(-15, zdict=dictionary)
    try:
        # One byte more than allowed is enough to know; a bomb is never unpacked.
        text = inflater.decompress(content[1:], bytes_max + 1)
    except zlib.error as error:
        raise MalformedJsonError("the compact body is damaged") from error
    if len(text) > bytes_max:
        raise OverflowError(bytes_max)
    if not inflater.eof or inflater.unused_data:
        raise MalformedJsonError("the compact body is cut off or has something behind it")
    return rows(parse_json(text))


def columns(value: Json) -> Json:
    """Return *value* with its lists in columns."""
    if isinstance(value, dict):
        return {name: columns(member) for name, member in value.items()}
    if not isinstance(value, list):
        return value
    if len(value) > 1 and all(isinstance(member, dict) for member in value):
        return [_TABLE, len(value), *_table(cast("list[dict[str, Json]]", value))]
    if len(value) > 1 and (width := _common_width(value)):
        parts = cast("list[list[Json]]", value)
        return [_PARTS, len(value), *(_column([part[n] for part in parts]) for n in range(width))]
    return [_PLAIN, *map(columns, value)]


def rows(value: Json) -> Json:
    """Return what `columns` was given.

    Raises:
        MalformedJsonError: It has made no such thing.
    """
    try:
        return _Reader().value(value)
    except (ValueError, TypeError, IndexError, KeyError, StopIteration) as error:
        raise MalformedJsonError("the columns don't fit together") from error


def _common_width(lists: Sequence[Json]) -> int:
    widths = {len(one) if isinstance(one, list) else 0 for one in lists}
    return widths.pop() if len(widths) == 1 else 0


def _table(objects: Sequence[Mapping[str, Json]]) -> list[Json]:
    """Return the keys of *objects* and a column for each."""
    keys = sorted({key for one in objects for key in one})
    found: list[Json] = [list[Json](keys)]
    for key in keys:
        there = [one[key] for one in objects if key in one]
        column = _column(there)
        if len(there) < len(objects):
            mask = "".join("01"[key in one] for one in objects)
            column = [_SOME, mask, column]
        found.append(column)
    return found


def _column(values: Sequence[Json]) -> Json:
    if all(type(value) is int for value in values):
        return [_STEPS, *_steps(cast("Sequence[int]", values))]
    if all(isinstance(value, str) for value in values):
        texts = cast("Sequence[str]", values)
        numbers = _id_numbers(texts)
        if numbers is not None:
            return [_IDS, *_id_steps(texts, numbers)]
        if all(map(_is_decimal, texts)):
            return [_DIGITS, *map(int, texts)]
    if values and all(isinstance(value, dict) for value in values):
        objects = cast("Sequence[Mapping[str, Json]]", values)
        members = sum(map(len, objects))
        names = {key for one in objects for key in one}
        if len(names) > _KEYS_MAX or len(names) * 2 > max(members, 8):
            return [_MAPS, *_maps(objects)]
        return [_TABLE, *_table(objects)]
    return [_PLAIN, *map(columns, values)]


def _maps(objects: Sequence[Mapping[str, Json]]) -> list[Json]:
    keys: list[Json] = [key for one in objects for key in sorted(one)]
    values = [one[key] for one in objects for key in sorted(one)]
    return [[len(one) for one in objects], _column(keys), _column(values)]


def _steps(numbers: Sequence[int]) -> Iterable[int]:
    before = 0
    for number in numbers:
        yield number - before
        before = number


def _id_numbers(texts: Sequence[str]) -> list[int] | None:
    """Return the numbers that ids are, or None when one of *texts* is no id."""
    if not all(len(text) == ID_LENGTH for text in texts):
        return None
    try:
        return list(map(id_number, texts))
    except InvalidIdError:
        return None


def _id_steps(ids: Sequence[str], numbers: Sequence[int]) -> Iterable[int | str]:
    before: int | None = None
    for text, number in zip(ids, numbers, strict=True):
        is_near = before is not None and abs(number - before) < _NEAR
        yield number - before if is_near and before is not None else text
        before = number


def _is_decimal(text: str) -> bool:
    is_number = text.isascii() and text.isdigit() and len(text) <= _PHONE_DIGITS_MAX
    return is_number and (text == "0" or text[0] != "0")


class _Reader:
    """Unfolds columns, and counts what comes of them."""

    def __init__(self) -> None:
        self._cells = 0
        self._readers: dict[int, Callable[[Sequence[Any], int], list[Json]]] = {
            _PLAIN: self._plain,
            _TABLE: self._table,
            _STEPS: self._steps,
            _IDS: self._ids,
            _DIGITS: self._digits,
            _SOME: self._none,
            _PARTS: self._none,
            _MAPS: self._maps,
        }

    def value(self, value: Any) -> Json:
        if isinstance(value, dict):
            return {name: self.value(member) for name, member in value.items()}
        if not isinstance(value, list):
            return cast("Json", value)
        kind = _kind(value)
        if kind == _PLAIN:
            return [self.value(member) for member in value[1:]]
        count = _count(value[1])
        if kind == _TABLE:
            return self._table(value[2:], count)
        if kind == _PARTS:
            parts = [self._column(column, count) for column in value[2:]]
            if not parts:
                raise ValueError("no part")
            return [list(part) for part in zip(*parts, strict=True)]
        raise ValueError(kind)

    def _column(self, column: Any, count: int) -> list[Json]:
        self._cells += count
        if self._cells > CELLS_MAX:
            raise ValueError("too many cells")
        values = self._readers[_kind(column)](column[1:], count)
        if len(values) != count:
            raise ValueError("a column of another length")
        return values

    def _plain(self, members: Sequence[Any], _expected: int) -> list[Json]:
        return [self.value(member) for member in members]

    def _none(self, _members: Sequence[Any], _expected: int) -> list[Json]:
        raise ValueError("no column of its own")

    def _table(self, members: Sequence[Any], count: int) -> list[Json]:
        keys, *found = members
        objects: list[dict[str, Json]] = [{} for _ in range(self._counted(count))]
        for key, column in zip(keys, found, strict=True):
            if not isinstance(key, str):
                raise TypeError(key)
            chosen = objects
            if _kind(column) == _SOME:
                _, mask, column = column  # noqa: PLW2901 - what is behind the mask
                chosen = [one for one, bit in zip(objects, mask, strict=True) if _bit(bit)]
            for one, value in zip(chosen, self._column(column, len(chosen)), strict=True):
                one[key] = value
        return cast("list[Json]", objects)

    def _counted(self, count: int) -> int:
        self._cells += count
        if self._cells > CELLS_MAX:
            raise ValueError("too many cells")
        return count

    def _steps(self, members: Sequence[Any], _expected: int) -> list[Json]:
        number, numbers = 0, list[Json]()
        for step in members:
            number += _whole(step)
            numbers.append(number)
        return numbers

    def _ids(self, members: Sequence[Any], _expected: int) -> list[Json]:
        ids: list[Json] = []
        number = 0
        for member in members:
            number = id_number(member) if isinstance(member, str) else number + _whole(member)
            ids.append(id_of_number(number))
        return ids

    def _digits(self, members: Sequence[Any], _expected: int) -> list[Json]:
        return [str(_whole(member)) for member in members]

    def _maps(self, members: Sequence[Any], _expected: int) -> list[Json]:
        lengths, keys_column, values_column = members
        total = sum(_count(length) for length in lengths)
        keys = iter(self._column(keys_column, total))
        values = iter(self._column(values_column, total))
        made: list[Json] = []
        for length in lengths:
            one: dict[str, Json] = {}
            for _ in range(length):
                key = next(keys)
                if not isinstance(key, str) or key in one:
                    raise TypeError(key)
                one[key] = next(values)
            made.append(one)
        return made


def _kind(value: Any) -> int:
    if not isinstance(value, list) or not value:
        raise TypeError("no column")
    return _whole(value[0])


def _whole(value: Any) -> int:
    if type(value) is not int:
        raise TypeError("no integer")
    return value


def _count(value: Any) -> int:
    count = _whole(value)
    if not 0 <= count <= CELLS_MAX:
        raise ValueError("no count")
    return count


def _bit(text: str) -> bool:
    return {"0": False, "1": True}[text]
