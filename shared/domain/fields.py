"""The kinds of values that rows and mutations hold, with their limits, as annotations.

A row or the arguments of a mutation are plain frozen dataclasses. What a type alone can't say
(lengths, ranges) is said once here; `shared.wire.schemas` makes marshmallow schemas of it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, TypeAlias

__all__ = [
    "Count",
    "Digest",
    "Fen",
    "Id",
    "Name",
    "Note",
    "Number",
    "Period",
    "Phone",
    "Points",
    "Tag",
    "Text",
    "VoucherNumber",
    "Whole",
]


@dataclass(frozen=True, slots=True)
class Text:
    """A text of a length between two limits; *pattern* must match the whole of it."""

    length_min: int = 0
    length_max: int = 200
    pattern: str | None = None


@dataclass(frozen=True, slots=True)
class Whole:
    """A whole number between two limits, both included."""

    least: int
    most: int


Id: TypeAlias = Annotated[str, Text(13, 13, r"[0-9A-HJKMNP-TV-Z]{13}")]
Name: TypeAlias = Annotated[str, Text(1, 40)]
Tag: TypeAlias = Annotated[str, Text(1, 64)]
Note: TypeAlias = Annotated[str, Text(0, 500)]
Number: TypeAlias = Annotated[str, Text(1, 20, r"[0-9A-Za-z-]+")]
Digest: TypeAlias = Annotated[str, Text(64, 64, r"[0-9a-f]{64}")]
Phone: TypeAlias = Annotated[str, Text(5, 16, r"\+?[0-9]{5,15}")]
"""Digits as dialled in China (11 for a mobile number), or + and the country's number."""

# An outlet's own slip number. Sixteen digits or more would be a card or an account: never stored.
VoucherNumber: TypeAlias = Annotated[str, Text(4, 15, r"[0-9A-Za-z-]+")]

Period: TypeAlias = Annotated[str, Text(7, 7, r"[0-9]{4}-(0[1-9]|1[0-2])")]
Fen: TypeAlias = Annotated[int, Whole(0, 10**13)]
Count: TypeAlias = Annotated[int, Whole(0, 1_000_000)]
Points: TypeAlias = Annotated[int, Whole(-1_000_000, 1_000_000)]
