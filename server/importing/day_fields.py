"""Cells into values: days, months, market days, and whether somebody is in service."""

from __future__ import annotations

import datetime as dt
import re

from server.importing.fields import CellField, fail
from server.importing.grid import Cell, half_width

__all__ = ["DATE", "Digits", "LeftOn", "Months", "YesNo", "date_of"]

DATE = re.compile(r"(\d{4})\s*[-/.年]\s*(\d{1,2})\s*[-/.月]\s*(\d{1,2})\s*日?|(\d{4})(\d\d)(\d\d)")
"""A day as people write it, year first."""

MONTHS = 12
DIGIT_MAX = 10
_SEPARATORS = re.compile(r"[、，,；;/|\n]+")
_MONTH_RANGE = re.compile(r"(\d{1,2})(?:[-~—–～至到](\d{1,2}))?")
_HAN_DIGITS = {"十": "10"} | {
    digit: str(value) for value, digit in enumerate("〇一二三四五六七八九")
}
_YES = frozenset({"是", "有", "在职", "在岗", "y", "yes", "true", "1", "√", "✓"})
_NO = frozenset({"否", "无", "离职", "不在职", "已离职", "n", "no", "false", "0", "×", "x"})


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
        day = date_of(cell)
        if day is None:
            raise fail("left-form", value=cell.text[:40])
        return day


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


def date_of(cell: Cell) -> dt.date | None:
    """Return the day that a cell holds or spells, if it does."""
    if isinstance(cell.value, dt.date):
        return cell.value
    found = DATE.fullmatch(half_width(cell.text))
    if found is None:
        return None
    year, month, day = (int(part) for part in found.groups() if part)
    try:
        return dt.date(year, month, day)
    except ValueError:
        return None


def _yes_or_no(cell: Cell) -> bool | None:
    if isinstance(cell.value, bool):
        return cell.value
    text = half_width(cell.text).casefold()
    return True if text in _YES else False if text in _NO else None
