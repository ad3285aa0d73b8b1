"""What rows say of each other: references found, duplicates and contradictions reported."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from server.importing.directory import Directory, Person, is_in_service
from server.importing.existing import Existing
from server.importing.faults import CellFault, Fault
from server.importing.organisation import (
    CropRecord,
    Organisation,
    Place,
    StaffRecord,
    VillageCropRecord,
    VillageRecord,
)
from server.importing.parsing import Source
from server.importing.vocabulary import ROLE_NAMES
from shared.domain.people import Role

__all__ = ["resolve"]

T = TypeVar("T")


def resolve(
    organisation: Organisation,
    existing: Existing,
    sources: Mapping[str, Source],
    today: dt.date,
) -> tuple[Organisation, list[Fault]]:
    """Return the records with references as natural keys, and what is wrong between rows."""
    resolver = _Resolver(Directory(organisation, existing, today), sources, today)
    resolved = replace(
        organisation,
        staff=tuple(resolver.staff(record) for record in organisation.staff),
        villages=tuple(resolver.village(record) for record in organisation.villages),
        crops=tuple(resolver.crop(record) for record in organisation.crops),
        village_crops=tuple(resolver.village_crop(record) for record in organisation.village_crops),
    )
    for place, values in organisation.broken_rows:
        resolver.broken(place, values)
    resolver.refuse_duplicates(resolved)
    resolver.refuse_two_counties(resolved, existing)
    resolver.refuse_two_postmen(resolved.villages)
    return resolved, resolver.faults


@dataclass(frozen=True, slots=True)
class _Key:
    """How rows of one kind must differ: the column to blame, the key, the key in words."""

    column: str
    of: Callable[[Any], Hashable]
    words: Callable[[Any], str]


_KEYS: dict[str, _Key] = {
    "outlets": _Key("number", lambda row: row.number, lambda row: row.number),
    "staff": _Key("number", lambda row: row.number, lambda row: row.number),
    "villages": _Key(
        "name", lambda row: (row.town, row.name), lambda row: f"{row.town} {row.name}"
    ),
    "crops": _Key("name", lambda row: row.name, lambda row: row.name),
    "village_crops": _Key(
        "crop",
        lambda row: (row.town, row.village, row.crop),
        lambda row: f"{row.village} {row.crop}",
    ),
    "market_days": _Key("town", lambda row: row.town, lambda row: row.town),
}

_HOLDERS = {
    "postman": Role.POSTMAN,
    "wealth_manager": Role.WEALTH_MANAGER,
    "backup_wealth_manager": Role.WEALTH_MANAGER,
}


class _Resolver:
    """Looks references up, and keeps what could not be found."""

    def __init__(self, directory: Directory, sources: Mapping[str, Source], today: dt.date) -> None:
        self._directory = directory
        self._sources = sources
        self._today = today
        self.faults: list[Fault] = []

    def staff(self, record: StaffRecord) -> StaffRecord:
        """Find the outlet and the backup of a person."""
        place = record.place
        is_manager = Role.WEALTH_MANAGER in record.roles
        if record.qualifications and not is_manager:
            self._blame(place, "qualifications", "profile-not-manager")
        says_both = record.in_service is not None and record.left not in {None, False}
        if says_both and record.in_service is not is_in_service(record, self._today):
            self._blame(place, "left", "service-contradiction")
        outlet = self._found(place, "outlet", self._directory.outlet(record.outlet))
        backup = record.backup
        if backup:
            person = self._person(place, "backup", backup)
            if person is not None:
                backup = person.number
                if backup == record.number:
                    self._blame(place, "backup", "backup-self")
                elif is_manager and Role.WEALTH_MANAGER not in person.roles:
                    self._blame(place, "backup", "backup-not-manager", value=person.name)
        return replace(record, outlet=outlet or record.outlet, backup=backup)

    def village(self, record: VillageRecord) -> VillageRecord:
        """Find the outlet and the people of a village."""
        place = record.place
        outlet = self._found(place, "outlet", self._directory.outlet(record.outlet))
        if record.postman and not record.round_name:
            self._blame(place, "round_name", "postman-without-round")
        if (record.latitude_e6 is None) != (record.longitude_e6 is None):
            column = "latitude_e6" if record.latitude_e6 is None else "longitude_e6"
            self._blame(place, column, "coordinate-half")
        manager, backup = (
            self._holder(place, column, getattr(record, column), _HOLDERS[column])
            for column in ("wealth_manager", "backup_wealth_manager")
        )
        if manager and manager == backup:
            self._blame(place, "backup_wealth_manager", "backup-self")
        return replace(
            record,
            outlet=outlet or record.outlet,
            postman=self._holder(place, "postman", record.postman, _HOLDERS["postman"]),
            wealth_manager=manager,
            backup_wealth_manager=backup,
        )

    def crop(self, record: CropRecord) -> CropRecord:
        """Make sure that the cash days are in order."""
        if record.cash_days_min > record.cash_days_max:
            self._blame(
                record.place,
                "cash_days_min",
                "days-order",
                least=record.cash_days_min,
                most=record.cash_days_max,
            )
        return record

    def village_crop(self, record: VillageCropRecord) -> VillageCropRecord:
        """Find the village and the crop."""
        place = record.place
        self._found(place, "crop", self._directory.crop(record.crop))
        found = self._directory.village(record.town or None, record.village)
        village = self._found(place, "village", found)
        return record if village is None else replace(record, town=village[0])

    def broken(self, place: Place, values: Mapping[str, Any]) -> None:
        """Look up what a row with faults refers to: its author should hear of all at once."""
        directory = self._directory
        if place.kind in {"staff", "villages"} and values.get("outlet"):
            self._found(place, "outlet", directory.outlet(values["outlet"]))
        if values.get("backup"):
            self._person(place, "backup", values["backup"])
        for column, role in _HOLDERS.items():
            self._holder(place, column, values.get(column), role)
        if place.kind == "village_crops" and values.get("crop"):
            self._found(place, "crop", directory.crop(values["crop"]))
        if place.kind == "village_crops" and values.get("village"):
            town = values.get("town")
            self._found(place, "village", directory.village(town, values["village"]))

    def refuse_duplicates(self, organisation: Organisation) -> None:
        """Report rows of one kind with the same natural key."""
        for kind, key in _KEYS.items():
            first: dict[Hashable, int] = {}
            for record in getattr(organisation, kind):
                row = first.setdefault(key.of(record), record.place.row)
                if row != record.place.row:
                    self._blame(
                        record.place, key.column, "duplicate", value=key.words(record), other=row
                    )

    def refuse_two_counties(self, organisation: Organisation, existing: Existing) -> None:
        """Report outlets of another county branch than the first, or the one that there is."""
        named = [outlet for outlet in organisation.outlets if outlet.county]
        county = existing.county.name if existing.county else named[0].county if named else ""
        for outlet in named:
            if outlet.county != county:
                self._blame(
                    outlet.place,
                    "county",
                    "county-differs",
                    value=outlet.county or "",
                    other=county or "",
                )

    def refuse_two_postmen(self, villages: Sequence[VillageRecord]) -> None:
        """Report a round that two rows give to different postmen."""
        first: dict[tuple[str, str], VillageRecord] = {}
        for village in villages:
            if not village.postman or not village.round_name:
                continue
            other = first.setdefault((village.outlet, village.round_name), village)
            if other.postman != village.postman:
                self._blame(
                    village.place,
                    "postman",
                    "round-two-postmen",
                    round=village.round_name,
                    other=other.place.row,
                    value=other.postman or "",
                )

    def _holder(self, place: Place, column: str, reference: str | None, role: Role) -> str | None:
        """Return the number of a person in service who holds a post."""
        if not reference:
            return reference
        person = self._person(place, column, reference)
        if person is None:
            return reference
        if role not in person.roles:
            self._blame(place, column, "staff-post", value=person.name, role=ROLE_NAMES[role])
        return person.number

    def _person(self, place: Place, column: str, reference: str) -> Person | None:
        person = self._found(place, column, self._directory.person(reference))
        if person is not None and not person.active:
            self._blame(place, column, "staff-left", value=person.name)
        return person

    def _found(self, place: Place, column: str, found: T | CellFault | None) -> T | None:
        if isinstance(found, CellFault):
            self._blame(place, column, found.slug, **found.facts)
            return None
        return found

    def _blame(self, place: Place, column: str, slug: str, **facts: str | int) -> None:
        source = self._sources[place.kind]
        self.faults.append(source.fault(place.row, column, slug, **facts))
