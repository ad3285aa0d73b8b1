"""Sheets as they stand in a file: cells in rows, before anybody says what they mean."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import TypeAlias

__all__ = [
    "BLANK",
    "Cell",
    "Grid",
    "Line",
    "Value",
    "column_letter",
    "half_width",
    "joined",
    "tidied",
]

Value: TypeAlias = "str | int | Decimal | bool | dt.date | None"

_INVISIBLE = dict.fromkeys(map(ord, "\u200b\u200c\u200d\u2060\ufeff\u00ad"))
_FULL_WIDTH = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)}
_HAN = "\u2e80-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
_SPACE_IN_HAN = re.compile(rf"(?<=[{_HAN}])\s+(?=[{_HAN}])")


@dataclass(frozen=True, slots=True)
class Cell:
    """A value as the spreadsheet holds it.

    Attributes:
        value: Text, number, date or nothing.
        marked_text: The author said that it is text, so that leading zeros are as typed.
        digits: How many digits the number format pads to; 0 for an ordinary number.
    """

    value: Value
    marked_text: bool = False
    digits: int = 0

    @property
    def text(self) -> str:
        """The value in words, as a person would read it in the spreadsheet."""
        if self.value is None:
            return ""
        if isinstance(self.value, Decimal):
            return f"{self.value.normalize():f}"
        if isinstance(self.value, int) and self.digits:
            return f"{self.value:0{self.digits}d}"
        return tidied(str(self.value))


BLANK = Cell(None)


@dataclass(frozen=True, slots=True)
class Line:
    """A row that is not blank: its number in the spreadsheet, its cells by column index."""

    number: int
    cells: Mapping[int, Cell]


@dataclass(frozen=True, slots=True)
class Grid:
    """A sheet: its name in the file, and its rows."""

    name: str
    lines: tuple[Line, ...]


def column_letter(index: int) -> str:
    """Return what the spreadsheet calls the column of that index, from 0."""
    letters = ""
    index += 1
    while index:
        index, rest = divmod(index - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return letters


def tidied(text: str) -> str:
    """Return *text* without invisible characters, with single plain spaces."""
    return " ".join(text.translate(_INVISIBLE).split())


def joined(text: str) -> str:
    """Return *text* without the spaces that align 张　三 with 欧阳小明."""
    return _SPACE_IN_HAN.sub("", text)


def half_width(text: str) -> str:
    """Return *text* with １２Ａ as 12A."""
    return text.translate(_FULL_WIDTH)
