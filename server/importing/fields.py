"""Cells into values: marshmallow fields that say in slugs what is wrong with a cell."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any, Generic, TypeVar

from marshmallow import ValidationError, fields

from server.importing.faults import CellFault
from server.importing.grid import Cell, half_width, joined, tidied
from server.importing.vocabulary import NEEDS, ROLES, closest, known
from shared.domain.people import Role

__all__ = [
    "CashDays",
    "Coordinate",
    "Digits",
    "Items",
    "LeftOn",
    "LongWords",
    "Money",
    "Months",
    "NumberText",
    "Qualifications",
    "Reference",
    "Roles",
    "Specialties",
    "WholeNumber",
    "Words",
    "YesNo",
]

T = TypeVar("T")

NUMBER_LENGTH_MAX = 20
MONTHS = 12
DIGIT_MAX = 10
_DIGITS_EXACT = 15
_NUMBER = re.compile(r"[0-9A-Za-z-]+")
_FORBIDDEN = re.compile("[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff\u202a-\u202e\u2066-\u2069]")
_SEPARATORS = re.compile(r"[、，,；;/|\n]+|\s+和\s+")
_COARSE_SEPARATORS = re.compile(r"[；;、，,\n]+")
_DATE = re.compile(r"(\d{4})\s*[-/.年]\s*(\d{1,2})\s*[-/.月]\s*(\d{1,2})\s*日?|(\d{4})(\d\d)(\d\d)")
_MONTH_RANGE = re.compile(r"(\d{1,2})(?:[-~—–～至到](\d{1,2}))?")
_HAN_DIGITS = {"十一": "11", "十二": "12", "十": "10"} | {
    digit: str(value) for value, digit in enumerate("〇一二三四五六七八九")
}
_YES = frozenset({"是", "有", "在职", "在岗", "y", "yes", "true", "1", "√", "✓"})
_NO = frozenset({"否", "无", "离职", "不在职", "已离职", "n", "no", "false", "0", "×", "x"})


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


class YesNo(CellField[bool]):
    """Yes or no."""

    hint = "是、否"

    def read(self, cell: Cell) -> bool:
        """Return the answer."""
        answer = _yes_or_no(cell)
        if answer is None:
            raise fail("yes-no-form", value=cell.text[:40])
        return answer


class LeftOn(CellField["dt.date | bool"]):
    """Whether somebody has left: a day, or yes or no."""

    hint = "2027-06-30、是、否"

    def read(self, cell: Cell) -> dt.date | bool:
        """Return the day, where it is known."""
        answer = _yes_or_no(cell)
        if answer is not None:
            # 离职 in a column of that name says yes.
            return True if cell.text in {"离职", "已离职"} else answer
        day = _date(cell)
        if day is None:
            raise fail("left-form", value=cell.text[:40])
        return day


class Roles(CellField["tuple[Role, ...]"]):
    """One post or several."""

    hint = "投递员、外拓人员"

    def read(self, cell: Cell) -> tuple[Role, ...]:
        """Return the posts in the order of the enumeration."""
        held = set()
        for item in _items(cell):
            role = ROLES.get(item.casefold())
            if role is None:
                raise fail(
                    "role-unknown", value=item[:40], near=closest(item, ROLES), known=known(ROLES)
                )
            held.add(role)
        return tuple(role for role in Role if role in held)


class Items(CellField["tuple[str, ...]"]):
    """Several words."""

    hint = "毛巾、手套"
    most = 20
    when_blank = ()

    def read(self, cell: Cell) -> tuple[str, ...]:
        """Return each word once, in the order written."""
        items = tuple(dict.fromkeys(_items(cell)))
        if len(items) > self.most:
            raise fail("list-too-long", length=len(items), most=self.most)
        for item in items:
            if len(item) > Words.most:
                raise fail("text-too-long", length=len(item), most=Words.most)
        return items


class Specialties(Items):
    """Several words; one that names a need becomes that need, which routing compares."""

    hint = "养老、保险"

    def read(self, cell: Cell) -> tuple[str, ...]:
        """Return each specialty once, in the order written."""
        named = (NEEDS.get(item.casefold(), item) for item in super().read(cell))
        return tuple(dict.fromkeys(str(item) for item in named))


class Qualifications(CellField["tuple[tuple[str, dt.date], ...]"]):
    """Needs with the day on which the permission to advise on them expires."""

    hint = "保险 2027-06-30；基金 2028-01-01"
    when_blank = ()

    def read(self, cell: Cell) -> tuple[tuple[str, dt.date], ...]:
        """Return needs and days, by need."""
        held: dict[str, dt.date] = {}
        for part in _COARSE_SEPARATORS.split(half_width(_with_lines(cell))):
            item = tidied(part)
            if not item:
                continue
            found = _DATE.search(item)
            day = _date(Cell(found[0])) if found else None
            if found is None or day is None:
                raise fail("qualification-form", value=item[:40])
            word = re.sub(r"[\s:()至到期有效]+", "", item.replace(found[0], ""))
            word = word.removesuffix("资格")
            need = NEEDS.get(word.casefold())
            if need is None:
                raise fail("need-unknown", value=word[:40], known=known(NEEDS))
            held[need] = day
        return tuple(sorted(held.items()))


class Months(CellField["tuple[int, ...]"]):
    """The months of a season, such as 4-6、10-11 or 11月-次年4月."""

    hint = "4-6、10-11"

    def read(self, cell: Cell) -> tuple[int, ...]:
        """Return the months in order of the year."""
        if isinstance(cell.value, dt.date):
            raise fail("months-is-date")
        text = re.sub(r"次年|翌年|[月份\s]", "", half_width(cell.text))
        if text in {"全年", "常年", "整年"}:
            return tuple(range(1, MONTHS + 1))
        months: set[int] = set()
        for part in filter(None, _SEPARATORS.split(text)):
            found = _MONTH_RANGE.fullmatch(part)
            ends = [int(end) for end in found.groups() if end] if found else []
            if not ends or not all(1 <= end <= MONTHS for end in ends):
                raise fail("months-form", value=cell.text[:40])
            first, last = ends[0], ends[-1]
            months.update(
                (first + step - 1) % MONTHS + 1 for step in range((last - first) % MONTHS + 1)
            )
        if not months:
            raise fail("months-form", value=cell.text[:40])
        return tuple(sorted(months))


class Digits(CellField["tuple[int, ...]"]):
    """The last digits of lunar market days: 1/4/7, 逢三六九; 10 or 0 is 逢十."""

    hint = "1/4/7、逢三六九"

    def read(self, cell: Cell) -> tuple[int, ...]:
        """Return the digits in order, ten for zero."""
        if isinstance(cell.value, dt.date):
            raise fail("digits-is-date")
        text = re.sub(r"[逢农历初日的墟圩\s]", "", half_width(cell.text))
        # 三六九 without separators is how it is said.
        text = re.sub(r"(?<=[一二三四五六七八九])(?=[一二三四五六七八九十])", "/", text)
        digits = set()
        for part in filter(None, re.split(r"[、，,；;/|.\-]+", text)):
            figure = _HAN_DIGITS.get(part, part)
            if not figure.isascii() or not figure.isdigit() or int(figure) > DIGIT_MAX:
                raise fail("digits-form", value=cell.text[:40])
            digits.add(int(figure) or DIGIT_MAX)
        if not digits:
            raise fail("digits-form", value=cell.text[:40])
        return tuple(sorted(digits))


def _items(cell: Cell) -> list[str]:
    text = half_width(_with_lines(cell))
    return [item for item in (joined(tidied(part)) for part in _SEPARATORS.split(text)) if item]


def _with_lines(cell: Cell) -> str:
    # `text` folds line breaks, which separate items as well as commas do.
    return cell.value if isinstance(cell.value, str) else cell.text


def _decimal(text: str) -> Decimal:
    """Return the number, or one that no limit admits."""
    try:
        number = Decimal(text)
    except InvalidOperation:
        return Decimal(-(10**15))
    return number if number.is_finite() else Decimal(-(10**15))


def _yes_or_no(cell: Cell) -> bool | None:
    if isinstance(cell.value, bool):
        return cell.value
    text = half_width(cell.text).casefold()
    return True if text in _YES else False if text in _NO else None


def _date(cell: Cell) -> dt.date | None:
    if isinstance(cell.value, dt.date):
        return cell.value
    found = _DATE.fullmatch(half_width(cell.text))
    if found is None:
        return None
    year, month, day = (int(part) for part in found.groups() if part)
    try:
        return dt.date(year, month, day)
    except ValueError:
        return None
