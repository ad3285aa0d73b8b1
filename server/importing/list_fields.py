"""Cells into values: several posts, words, specialties or qualifications in one cell."""

from __future__ import annotations

import datetime as dt
import re

from server.importing.day_fields import DATE, date_of
from server.importing.fields import CellField, Words, fail
from server.importing.grid import Cell, half_width, joined, tidied
from server.importing.vocabulary import NEEDS, ROLES, closest, known
from shared.domain.people import Role

__all__ = ["Items", "Qualifications", "Roles", "Specialties"]

_SEPARATORS = re.compile(r"[、，,；;/|\n]+|\s+和\s+")
_COARSE_SEPARATORS = re.compile(r"[；;、，,\n]+")


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
            found = DATE.search(item)
            day = date_of(Cell(found[0])) if found else None
            if found is None or day is None:
                raise fail("qualification-form", value=item[:40])
            word = re.sub(r"[\s:()至到期有效]+", "", item.replace(found[0], ""))
            word = word.removesuffix("资格")
            need = NEEDS.get(word.casefold())
            if need is None:
                raise fail("need-unknown", value=word[:40], known=known(NEEDS))
            held[need] = day
        return tuple(sorted(held.items()))


def _items(cell: Cell) -> list[str]:
    text = half_width(_with_lines(cell))
    return [item for item in (joined(tidied(part)) for part in _SEPARATORS.split(text)) if item]


def _with_lines(cell: Cell) -> str:
    # `text` folds line breaks, which separate items as well as commas do.
    return cell.value if isinstance(cell.value, str) else cell.text
