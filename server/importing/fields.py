"""Cells into values: texts, numbers and sums, by marshmallow fields that answer in slugs."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any, Generic, TypeVar

from marshmallow import ValidationError, fields

from server.importing.faults import CellFault
from server.importing.grid import Cell, half_width, joined

__all__ = [
    "CashDays",
    "CellField",
    "Coordinate",
    "LongWords",
    "Money",
    "NumberText",
    "Reference",
    "WholeNumber",
    "Words",
    "fail",
]

T = TypeVar("T")

NUMBER_LENGTH_MAX = 20
_DIGITS_EXACT = 15
_NUMBER = re.compile(r"[0-9A-Za-z-]+")
_FORBIDDEN = re.compile("[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff\u202a-\u202e\u2066-\u2069]")


def fail(slug: str, **facts: str | int) -> ValidationError:
    """Return the error of a cell, for marshmallow to collect."""
    return ValidationError([CellFault(slug, facts)])


class CellField(fields.Field[T], Generic[T]):
    """A field that reads a `Cell`.

    `metadata` names the column: "zh" and "en", and under "aliases" what else offices call it.
    `when_blank` is what a blank cell of a present column says; None is no word on it. `hint` is
    an example for the template.
    """

    when_blank: Any = None
    hint = ""

    def __init__(
        self, zh: str, en: str, *aliases: str, required: bool = False, hint: str = ""
    ) -> None:
        """Name the column in both languages, and by what else it is called."""
        self.hint = hint or self.hint
        super().__init__(
            required=required,
            metadata={"zh": zh, "en": en, "aliases": aliases},
            error_messages={"required": "blank"},
        )

    def _deserialize(
        self, value: Cell, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any
    ) -> T:
        del attr, data, kwargs
        if isinstance(value.value, str) and _FORBIDDEN.search(value.value):
            raise fail("character-forbidden")
        if isinstance(value.value, str) and re.fullmatch(r"#[A-Z/0]+[!?A]", value.value):
            raise fail("formula-error", value=value.value)
        return self.read(value)

    def read(self, cell: Cell) -> T:
        """Return the value of a cell that is not blank."""
        raise NotImplementedError


class Words(CellField[str]):
    """A text of at most `most` characters."""

    most = 40

    def read(self, cell: Cell) -> str:
        """Return the text without the spaces that only align it."""
        text = joined(cell.text)
        if len(text) > self.most:
            raise fail("text-too-long", length=len(text), most=self.most)
        return text


class LongWords(Words):
    """A text of some sentences."""

    most = 500
    when_blank = ""


class NumberText(CellField[Cell]):
    """A number that is a name (工号): kept as text, its cell kept to ask about lost zeros."""

    hint = "00123456"

    def read(self, cell: Cell) -> Cell:
        """Return the cell with its number as text."""
        if isinstance(cell.value, dt.date):
            raise fail("number-is-date")
        text = half_width(cell.text).replace(" ", "")
        if not cell.marked_text and text.isdigit() and len(text) > _DIGITS_EXACT:
            raise fail("number-digits-lost")
        if len(text) > NUMBER_LENGTH_MAX or not _NUMBER.fullmatch(text):
            raise fail("number-form", value=text[:40])
        return Cell(text, marked_text=cell.marked_text or bool(cell.digits))


class Reference(CellField[str]):
    """Somebody or something of another sheet, by number or name; blank is nobody."""

    hint = "00123456"
    when_blank = ""

    def read(self, cell: Cell) -> str:
        """Return the number or name as written, tidied."""
        if isinstance(cell.value, dt.date):
            raise fail("number-is-date")
        text = joined(cell.text)
        number = half_width(text).replace(" ", "")
        if _NUMBER.fullmatch(number):
            return number
        if len(text) > Words.most:
            raise fail("text-too-long", length=len(text), most=Words.most)
        return text


class WholeNumber(CellField[int]):
    """A whole number between two limits."""

    def __init__(
        self,
        zh: str,
        en: str,
        *aliases: str,
        least: int = 0,
        most: int = 1_000_000,
        required: bool = False,
    ) -> None:
        """Take numbers from *least* to *most*."""
        super().__init__(zh, en, *aliases, required=required)
        self.least = least
        self.most = most

    def read(self, cell: Cell) -> int:
        """Return the number; a unit after it (户、天、年) is overlooked."""
        text = half_width(cell.text).replace(",", "").rstrip("户天年人次个 ")
        if isinstance(cell.value, bool | dt.date) or not re.fullmatch(r"-?\d{1,12}", text):
            raise fail("whole-form", value=cell.text[:40])
        number = int(text)
        if not self.least <= number <= self.most:
            raise fail("number-range", value=number, least=self.least, most=self.most)
        return number


class CashDays(WholeNumber):
    """Days until the cash comes; 当天 is 0, 周 and 个月 are taken too."""

    hint = "0、7、2周、当天"

    def read(self, cell: Cell) -> int:
        """Return whole days."""
        text = half_width(cell.text).replace(" ", "")
        if text in {"当天", "当日", "same day"}:
            return 0
        weeks = re.fullmatch(r"(\d{1,2})(?:周|星期)", text)
        return super().read(Cell(int(weeks[1]) * 7) if weeks else cell)


class Money(CellField[int]):
    """A sum in yuan, as fen."""

    hint = "25000、2.5万"

    def read(self, cell: Cell) -> int:
        """Return fen."""
        text = half_width(cell.text).replace(",", "").replace(" ", "").strip("¥￥")
        text = text.removesuffix("元")
        factor = 1
        if text.endswith(("万", "w", "W")):
            text, factor = text[:-1], 10_000
        fen = _decimal(text) * factor * 100 if not isinstance(cell.value, bool) else None
        if fen is None or fen != fen.to_integral_value() or not 0 <= fen <= 10**13:
            raise fail("money-form", value=cell.text[:40])
        return int(fen)


class Coordinate(CellField[int]):
    """Degrees in and around China, as millionths."""

    def __init__(self, zh: str, en: str, *aliases: str, least: int, most: int) -> None:
        """Take degrees from *least* to *most*."""
        super().__init__(zh, en, *aliases)
        self.least = least
        self.most = most

    def read(self, cell: Cell) -> int:
        """Return millionths of a degree."""
        degrees = _decimal(half_width(cell.text).rstrip("°NEne "))
        if not self.least <= degrees <= self.most:
            axis = self.metadata["zh"]
            raise fail("coordinate-form", value=cell.text[:40], axis=axis, example=self.example)
        return int((degrees * 1_000_000).to_integral_value())

    @property
    def example(self) -> str:
        """A value that would do."""
        return f"{(self.least + self.most) // 2}.123456"


def _decimal(text: str) -> Decimal:
    """Return the number, or one that no limit admits."""
    try:
        number = Decimal(text)
    except InvalidOperation:
        return Decimal(-(10**15))
    return number if number.is_finite() else Decimal(-(10**15))
