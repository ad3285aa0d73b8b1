"""What does not stop an import but should be known: who is missing, who is left without."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from server.importing.existing import Existing
from server.importing.faults import Facts, Language
from server.importing.organisation import Organisation
from server.importing.vocabulary import NEED_NAMES
from server.importing.wording import NOTE_TEXTS
from shared.domain.people import Role, Staff
from shared.domain.referral import Need

__all__ = ["ImportNote", "notes_on"]


@dataclass(frozen=True, slots=True)
class ImportNote:
    """Something to know; the slug is an entry of `NOTE_TEXTS`."""

    slug: str
    facts: Facts = field(default_factory=dict)

    def text(self, language: Language) -> str:
        """Say it in one line."""
        return NOTE_TEXTS[self.slug][language].format(**self.facts)


def notes_on(
    organisation: Organisation, before: Existing, after: Existing, today: dt.date
) -> list[ImportNote]:
    """Look at the county as the import would leave it."""
    return [
        *_missing(organisation, before),
        *_leaving(organisation, after, today),
        *_unqualified(organisation, before, after, today),
        *_unserved(organisation, after),
    ]


def _missing(organisation: Organisation, before: Existing) -> Iterator[ImportNote]:
    """Name what the county has and the workbook's sheet of that kind does not."""
    listed: dict[str, tuple[str, set[Any]]] = {
        "outlets": ("missing-outlet", {row.number for row in organisation.outlets}),
        "staff": ("missing-staff", {row.number for row in organisation.staff}),
        "villages": ("missing-village", {(row.town, row.name) for row in organisation.villages}),
        "crops": ("missing-crop", {row.name for row in organisation.crops}),
        "market_days": ("missing-market-day", {row.town for row in organisation.market_days}),
    }
    for kind, (slug, keys) in listed.items():
        if kind not in organisation.kinds:
            continue
        for key, row in getattr(before, kind).items():
            if key in keys or (isinstance(row, Staff) and not row.active):
                continue
            yield ImportNote(slug, {"key": _words(key, getattr(row, "name", ""))})
    if "village_crops" in organisation.kinds:
        yield from _missing_village_crops(organisation, before)


def _missing_village_crops(organisation: Organisation, before: Existing) -> Iterator[ImportNote]:
    villages = {row.id: row for row in before.villages.values()}
    crops = {row.id: row for row in before.crops.values()}
    listed = {(row.town, row.village, row.crop) for row in organisation.village_crops}
    for row in before.village_crops.values():
        village, crop = villages[row.village_id], crops[row.crop_id]
        if (village.town, village.name, crop.name) not in listed:
            yield ImportNote("missing-village-crop", {"key": f"{village.name} {crop.name}"})


def _leaving(organisation: Organisation, after: Existing, today: dt.date) -> Iterator[ImportNote]:
    for record in organisation.staff:
        if isinstance(record.left, dt.date) and record.left > today:
            key = f"{record.number} {record.name}"
            yield ImportNote("leaves-later", {"key": key, "on": record.left.isoformat()})
    duties: defaultdict[str | None, list[str]] = defaultdict(list)
    for village in after.villages.values():
        duties[village.wealth_manager_id].append(village.name)
        duties[village.backup_wealth_manager_id].append(village.name)
    for passed in after.rounds.values():
        duties[passed.postman_id].append(passed.name)
    for staff in after.staff.values():
        if not staff.active and duties[staff.id]:
            what = "、".join(dict.fromkeys(duties[staff.id]))
            yield ImportNote("left-but-responsible", {"key": _called(staff), "what": what})


def _unqualified(
    organisation: Organisation, before: Existing, after: Existing, today: dt.date
) -> Iterator[ImportNote]:
    by_id = {row.id: row for row in after.staff.values()}
    valid = set()
    for key, row in after.qualifications.items():
        staff = by_id[row.staff_id]
        facts = {
            "key": _called(staff),
            "need": NEED_NAMES.get(Need(row.need), row.need),
            "on": row.expires_on.isoformat(),
        }
        was = before.qualifications.get(key)
        if row.expires_on >= today:
            valid.add(row.staff_id)
        elif was is not None and was.expires_on >= today:
            yield ImportNote("qualification-ended", facts)
        elif staff.active and "staff" in organisation.kinds:
            yield ImportNote("qualification-expired", facts)
    for staff in after.staff.values():
        if staff.active and Role.WEALTH_MANAGER in staff.roles and staff.id not in valid:
            yield ImportNote("manager-unqualified", {"key": _called(staff)})


def _unserved(organisation: Organisation, after: Existing) -> Iterator[ImportNote]:
    active = [staff for staff in after.staff.values() if staff.active]
    headed = {staff.outlet_id for staff in active if Role.BRANCH_HEAD in staff.roles}
    for outlet in after.outlets.values():
        if outlet.id not in headed:
            yield ImportNote("outlet-headless", {"key": f"{outlet.number} {outlet.name}"})
    if not any(Role.ADMINISTRATOR in staff.roles for staff in active):
        yield ImportNote("no-administrator")
    if "villages" in organisation.kinds:
        for village in after.villages.values():
            if village.wealth_manager_id is None and village.backup_wealth_manager_id is None:
                yield ImportNote("village-unserved", {"key": f"{village.town} {village.name}"})


def _words(key: str | tuple[str, str], name: str) -> str:
    """Return a natural key as people say it: number and name, town and name, or the name."""
    if isinstance(key, tuple):
        return " ".join(key)
    return key if name in {"", key} else f"{key} {name}"


def _called(staff: Staff) -> str:
    return f"{staff.number} {staff.name}"
