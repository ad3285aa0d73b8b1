"""Who and what a reference in a workbook can mean: its own rows and what the county has."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches

from server.importing.existing import Existing
from server.importing.faults import CellFault
from server.importing.organisation import ANYTHING, Organisation, StaffRecord
from shared.domain.people import Role

__all__ = ["Directory", "Person", "is_in_service"]

SUGGESTIONS_MAX = 20


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody whom the workbook or the database knows."""

    number: str
    name: str
    roles: frozenset[Role]
    active: bool


class Directory:
    """Finds outlets, staff, villages and crops by number or name."""

    def __init__(self, organisation: Organisation, existing: Existing, today: dt.date) -> None:
        self._broken = organisation.broken_keys
        self.outlets = {number: row.name for number, row in existing.outlets.items()}
        self.outlets |= {record.number: record.name for record in organisation.outlets}
        self.people = {
            number: Person(number, row.name, frozenset(row.roles), row.active)
            for number, row in existing.staff.items()
        }
        for record in organisation.staff:
            known = self.people.get(record.number)
            active = is_in_service(record, today)
            if active is None:
                active = known is None or known.active
            self.people[record.number] = Person(
                record.number, record.name, frozenset(record.roles), active
            )
        self.villages = set(existing.villages) | {
            (record.town, record.name) for record in organisation.villages
        }
        self.crops = set(existing.crops) | {record.name for record in organisation.crops}
        self._suggestions_left = SUGGESTIONS_MAX
        self._namesakes: defaultdict[str, list[Person]] = defaultdict(list)
        for person in self.people.values():
            self._namesakes[person.name].append(person)
        self._towns: defaultdict[str, list[str]] = defaultdict(list)
        for town, name in sorted(self.villages):
            self._towns[name].append(town)

    def outlet(self, reference: str) -> str | CellFault | None:
        """Return the number of the outlet meant, a fault, or None where its own row has one."""
        number = _by_number(reference, self.outlets)
        if number is not None:
            return number
        named = [number for number, name in self.outlets.items() if name == reference]
        if len(named) == 1:
            return named[0]
        if named:
            return CellFault("outlet-ambiguous", {"value": reference})
        if self._is_excused("outlets", reference):
            return None
        names = [*self.outlets.values(), *self.outlets]
        return CellFault(
            "outlet-unknown", {"value": reference, "near": self._near(reference, names)}
        )

    def person(self, reference: str) -> Person | CellFault | None:
        """Return the person meant, a fault, or None where their own row has one."""
        number = _by_number(reference, self.people)
        if number is not None:
            return self.people[number]
        # 0012 张三 is how people write it to be safe.
        words = reference.split()
        named = [one for word in {reference, *words} for one in self._namesakes.get(word, ())]
        if len(words) > 1:
            named = [one for one in named if one.number in words] or named
        if len(named) == 1:
            return named[0]
        if named:
            return CellFault("staff-ambiguous", {"value": reference})
        if self._is_excused("staff", reference):
            return None
        names = [*(one.name for one in self.people.values()), *self.people]
        return CellFault(
            "staff-unknown", {"value": reference, "near": self._near(reference, names)}
        )

    def village(self, town: str | None, name: str) -> tuple[str, str] | CellFault | None:
        """Return town and name of the village meant, a fault, or None where its row has one."""
        found = [(one, name) for one in self._towns.get(name, ()) if town in {None, one}]
        if len(found) == 1:
            return found[0]
        if found:
            towns = "、".join(key[0] for key in found)
            return CellFault("village-ambiguous", {"value": name, "towns": towns})
        if self._is_excused("villages", name):
            return None
        value = name if town is None else f"{town} {name}"
        near = self._near(name, [key[1] for key in self.villages])
        return CellFault("village-unknown", {"value": value, "near": near})

    def crop(self, name: str) -> str | CellFault | None:
        """Return the name of the crop meant, a fault, or None where its own row has one."""
        if name in self.crops:
            return name
        if self._is_excused("crops", name):
            return None
        return CellFault("crop-unknown", {"value": name, "near": self._near(name, self.crops)})

    def _near(self, word: str, known: Iterable[str]) -> str:
        """Return a question after the nearest name; a whole column of unknown ones gets few."""
        if self._suggestions_left == 0:
            return ""
        self._suggestions_left -= 1
        near = get_close_matches(word, list(known), n=1, cutoff=0.5)
        return f"“{near[0]}”？" if near else ""

    def _is_excused(self, kind: str, key: str) -> bool:
        broken = self._broken.get(kind, frozenset())
        return key in broken or ANYTHING in broken


def is_in_service(record: StaffRecord, today: dt.date) -> bool | None:
    """Tell whether a person serves today by the workbook; None when it does not say."""
    if isinstance(record.left, dt.date):
        return record.left > today
    if record.left is not None:
        return not record.left
    return record.in_service


def _by_number(reference: str, numbers: Iterable[str]) -> str | None:
    """Return the number meant; 12 means 0012 where that is the only one."""
    if reference in numbers:
        return reference
    if not reference.isdigit():
        return None
    padded = [one for one in numbers if one.isdigit() and one.lstrip("0") == reference]
    return padded[0] if len(padded) == 1 else None
