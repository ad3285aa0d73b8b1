"""What an import would change: new and changed rows, in an order that readers can follow."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from typing import Any, Literal

from server.importing.directory import is_in_service
from server.importing.existing import Existing
from server.importing.organisation import Organisation, StaffRecord
from shared.domain.people import (
    County,
    Outlet,
    Qualification,
    Role,
    Staff,
    WealthManagerProfile,
)
from shared.domain.rows import Row
from shared.domain.village import Crop, MarketDay, Round, Village, VillageCrop

__all__ = ["Change", "Plan", "make_plan"]

LEADS_MAX = 20
VISITS_PER_DAY_MAX = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A row that the import adds or changes.

    Attributes:
        before: The row as it is; None for a new one.
        after: The row as it will be.
        key: What people call it.
    """

    before: Row | None
    after: Row
    key: str

    @property
    def kind(self) -> Literal["added", "changed"]:
        """Whether the row is new."""
        return "added" if self.before is None else "changed"

    @property
    def fields(self) -> tuple[str, ...]:
        """The names of the fields that differ; none for a new row."""
        if self.before is None:
            return ()
        before, after = self.before, self.after
        names = (field.name for field in fields(after))  # type: ignore[arg-type]
        return tuple(name for name in names if getattr(before, name) != getattr(after, name))


@dataclass(frozen=True, slots=True)
class Plan:
    """All changes, and what each id that they name is called."""

    county: County
    changes: tuple[Change, ...]
    names: dict[str, str]
    after: Existing
    """The organisation as it will be."""


def make_plan(
    organisation: Organisation,
    existing: Existing,
    county: County,
    new_id: Callable[[], str],
    today: dt.date,
) -> Plan:
    """Compare a resolved workbook with what there is; rows with nothing new are left out."""
    planner = _Planner(existing, county, new_id, today)
    planner.plan(organisation)
    return Plan(county, planner.changes, planner.names, planner.after)


class _Planner:
    """Builds the organisation as it will be, noting each row that differs."""

    def __init__(
        self, existing: Existing, county: County, new_id: Callable[[], str], today: dt.date
    ) -> None:
        self._new_id = new_id
        self._today = today
        self._county = county
        self._changes: dict[tuple[type, str], Change] = {}
        self.after = Existing(
            county=county,
            **{
                field.name: dict(getattr(existing, field.name))
                for field in fields(existing)
                if field.name != "county"
            },
        )
        self.names = {county.id: county.name}
        for kind in (
            existing.outlets,
            existing.staff,
            existing.rounds,
            existing.villages,
            existing.crops,
        ):
            self.names |= {row.id: row.name for row in kind.values()}
        if existing.county is None:
            self._note(None, county, county.name)

    @property
    def changes(self) -> tuple[Change, ...]:
        """What differs, each row once."""
        return tuple(self._changes.values())

    def plan(self, organisation: Organisation) -> None:
        """Go through the sheets in the order in which they refer to each other."""
        self._outlets(organisation)
        self._staff(organisation)
        self._villages(organisation)
        self._crops(organisation)
        for record in organisation.market_days:
            before = self.after.market_days.get(record.town)
            row = MarketDay(
                id=self._id_of(before),
                county_id=self._county.id,
                town=record.town,
                lunar_digits=record.lunar_digits,
            )
            self.after.market_days[record.town] = row
            self._note(before, row, record.town)

    def _outlets(self, organisation: Organisation) -> None:
        for record in organisation.outlets:
            before = self.after.outlets.get(record.number)
            row = Outlet(
                id=self._id_of(before),
                county_id=self._county.id,
                number=record.number,
                name=record.name,
                town=record.town,
            )
            self.after.outlets[record.number] = row
            self._note(before, row, f"{record.number} {record.name}")

    def _staff(self, organisation: Organisation) -> None:
        # Ids first: a backup may stand in a later row.
        ids = {number: row.id for number, row in self.after.staff.items()}
        for record in organisation.staff:
            if record.number not in ids:
                ids[record.number] = self._new_id()
        for record in organisation.staff:
            before = self.after.staff.get(record.number)
            row = self._person(record, before, ids)
            self.after.staff[record.number] = row
            key = f"{record.number} {record.name}"
            self._note(before, row, key)
            if record.qualifications is not None:
                self._qualifications(row, dict(record.qualifications), key)
            if Role.WEALTH_MANAGER in record.roles:
                self._profile(row, record, key)

    def _person(self, record: StaffRecord, before: Staff | None, ids: dict[str, str]) -> Staff:
        active = is_in_service(record, self._today)
        if active is None:
            active = before is None or before.active
        backup_id = before.backup_id if before else None
        if record.backup is not None:
            backup_id = ids[record.backup] if record.backup else None
        return Staff(
            id=ids[record.number],
            county_id=self._county.id,
            outlet_id=self.after.outlets[record.outlet].id,
            number=record.number,
            name=record.name,
            roles=record.roles,
            active=active,
            backup_id=backup_id,
        )

    def _qualifications(self, staff: Staff, held: dict[str, dt.date], key: str) -> None:
        """Keep what the workbook lists; what it no longer lists ends with yesterday."""
        yesterday = self._today - dt.timedelta(days=1)
        listed = set(held)
        for (staff_id, need), row in self.after.qualifications.items():
            if staff_id == staff.id and need not in listed:
                held[need] = min(row.expires_on, yesterday)
        for need, expires_on in sorted(held.items()):
            before = self.after.qualifications.get((staff.id, need))
            row = Qualification(
                id=self._id_of(before), staff_id=staff.id, need=need, expires_on=expires_on
            )
            self.after.qualifications[staff.id, need] = row
            self._note(before, row, key)

    def _profile(self, staff: Staff, record: StaffRecord, key: str) -> None:
        before = self.after.profiles.get(staff.id)
        base = before or WealthManagerProfile(
            id=self._new_id(),
            staff_id=staff.id,
            years=0,
            specialties=(),
            dialects=(),
            introduction="",
            leads_max=LEADS_MAX,
            visits_per_day_max=VISITS_PER_DAY_MAX,
        )
        said = {
            name: getattr(record, name)
            for name in (
                "years",
                "specialties",
                "dialects",
                "introduction",
                "leads_max",
                "visits_per_day_max",
            )
            if getattr(record, name) is not None
        }
        row = replace(base, **said)
        self.after.profiles[staff.id] = row
        self._note(before, row, key)

    def _villages(self, organisation: Organisation) -> None:
        self._rounds(organisation)
        for record in organisation.villages:
            before = self.after.villages.get((record.town, record.name))
            outlet_id = self.after.outlets[record.outlet].id
            base = before or Village(
                id=self._new_id(),
                outlet_id=outlet_id,
                round_id=None,
                name=record.name,
                town=record.town,
            )
            said: dict[str, Any] = {
                name: getattr(record, name)
                for name in ("households", "latitude_e6", "longitude_e6")
                if getattr(record, name) is not None
            }
            for column in ("wealth_manager", "backup_wealth_manager"):
                number = getattr(record, column)
                if number is not None:
                    said[f"{column}_id"] = self.after.staff[number].id if number else None
            if record.round_name is not None:
                passed = self.after.rounds.get((outlet_id, record.round_name))
                said["round_id"] = passed.id if passed else None
            row = replace(base, outlet_id=outlet_id, **said)
            self.after.villages[record.town, record.name] = row
            self._note(before, row, f"{record.town} {record.name}")

    def _rounds(self, organisation: Organisation) -> None:
        """Make the rounds that villages name; one row with a postman speaks for all of a round."""
        postmen: dict[tuple[str, str], str | None] = {}
        for record in organisation.villages:
            if record.round_name:
                key = (record.outlet, record.round_name)
                postmen[key] = postmen.get(key) or record.postman
        for (number, name), postman in postmen.items():
            outlet = self.after.outlets[number]
            before = self.after.rounds.get((outlet.id, name))
            postman_id = before.postman_id if before else None
            if postman is not None:
                postman_id = self.after.staff[postman].id if postman else None
            row = Round(
                id=self._id_of(before), outlet_id=outlet.id, name=name, postman_id=postman_id
            )
            self.after.rounds[outlet.id, name] = row
            self._note(before, row, f"{outlet.name} {name}")

    def _crops(self, organisation: Organisation) -> None:
        for record in organisation.crops:
            before = self.after.crops.get(record.name)
            kit = record.kit if record.kit is not None else before.kit if before else ()
            row = Crop(
                id=self._id_of(before),
                county_id=self._county.id,
                name=record.name,
                cash_days_min=record.cash_days_min,
                cash_days_max=record.cash_days_max,
                kit=kit,
            )
            self.after.crops[record.name] = row
            self._note(before, row, record.name)
        for entry in organisation.village_crops:
            village = self.after.villages[entry.town or "", entry.village]
            crop = self.after.crops[entry.crop]
            grown = self.after.village_crops.get((village.id, crop.id))
            season = VillageCrop(
                id=self._id_of(grown),
                village_id=village.id,
                crop_id=crop.id,
                months=entry.months,
                households=entry.households,
                fen_per_household=entry.fen_per_household,
            )
            self.after.village_crops[village.id, crop.id] = season
            self._note(grown, season, f"{entry.village} {entry.crop}")

    def _id_of(self, before: Row | None) -> str:
        return before.id if before else self._new_id()

    def _note(self, before: Row | None, after: Row, key: str) -> None:
        name = getattr(after, "name", None)
        if name is not None:
            self.names[after.id] = name
        if before == after:
            return
        # What two rows touch, such as a round, is one change.
        first = self._changes.get((type(after), after.id))
        change = Change(before=first.before if first else before, after=after, key=key)
        self._changes[type(after), after.id] = change
