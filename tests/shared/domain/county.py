"""A made-up county for the tests of the rules: outlets, people, villages, crops, in memory."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import TypeVar

import pytest

from shared.domain.care_card import CareCard, CareReason, CareStatus
from shared.domain.customer import Customer, CustomerKind
from shared.domain.harvest import Confidence, HarvestDate, HarvestDateVersion, HarvestStatus
from shared.domain.moment import ClockGrade, Moment
from shared.domain.people import Actor, Outlet, Role, Staff, WealthManagerProfile, actor_of
from shared.domain.referral import (
    Interest,
    LeadSource,
    Need,
    Referral,
    ReferralMode,
    ReferralStatus,
)
from shared.domain.refusals import RefusedError
from shared.domain.rows import Row
from shared.domain.village import Crop, MarketDay, Round, Village, VillageCrop
from shared.domain.visit import Visit, VisitStatus
from shared.ids import make_id
from shared.wire.mutations import MUTATIONS

RowT = TypeVar("RowT", bound=Row)

NOW = dt.datetime(2026, 5, 4, 2, 0, tzinfo=dt.UTC)  # Monday, ten o'clock at the outlet.
TODAY = dt.date(2026, 5, 4)
MOMENT = Moment.at(NOW)


def id_of(name: str) -> str:
    """Make the id that *name* has in every test: another name, another op."""
    digest = hashlib.sha256(name.encode()).digest()
    return make_id(7, int.from_bytes(digest[:3]), int.from_bytes(digest[3:5]))


def day(offset: int) -> dt.date:
    return TODAY + dt.timedelta(days=offset)


def moment_at(at: dt.datetime, *, since: dt.datetime | None = None) -> Moment:
    """Make the moment of an op that was captured between *since* and *at*."""
    return Moment(now=at, captured_from=since or at, captured_to=at, grade=ClockGrade.B)


class Memory:
    """Rows in a dictionary, as a rule reads them."""

    def __init__(self, rows: Iterable[Row] = ()) -> None:
        self._tables: dict[type[Row], dict[str, Row]] = {}
        self.keep(rows)

    def keep(self, rows: Iterable[Row]) -> None:
        for row in rows:
            self._tables.setdefault(type(row), {})[row.id] = row

    def get(self, table: type[RowT], row_id: str) -> RowT | None:
        row = self._tables.get(table, {}).get(row_id)
        assert row is None or isinstance(row, table)
        return row

    def where(self, table: type[RowT], **equal: object) -> list[RowT]:
        found = []
        for _, row in sorted(self._tables.get(table, {}).items()):
            assert isinstance(row, table)
            if all(getattr(row, name) == value for name, value in equal.items()):
                found.append(row)
        return found

    def only(self, table: type[RowT]) -> RowT:
        (row,) = self.where(table)
        return row

    def change(self, row: RowT, **fields: object) -> RowT:
        changed: RowT = replace(row, **fields)  # type: ignore[type-var]
        self.keep([changed])
        return changed


COUNTY_ID = id_of("county")
OUTLET = Outlet(id=id_of("outlet"), county_id=COUNTY_ID, number="1", name="龙门", town="龙门")
OTHER_OUTLET = Outlet(
    id=id_of("other outlet"), county_id=COUNTY_ID, number="2", name="覃斗", town="覃斗"
)
FAR_OUTLET = Outlet(
    id=id_of("far outlet"), county_id=id_of("far county"), number="3", name="曲界", town="曲界"
)


def staff(name: str, *roles: Role, outlet: Outlet = OUTLET, active: bool = True) -> Staff:
    return Staff(
        id=id_of(name),
        county_id=outlet.county_id,
        outlet_id=outlet.id,
        number=str(len(name)),
        name=name,
        roles=roles,
        active=active,
    )


POSTMAN = staff("postman", Role.POSTMAN)
COLLEAGUE = staff("colleague", Role.POSTMAN)
COUNTER = staff("counter", Role.COUNTER)
TELLER = staff("teller", Role.TELLER)
LOBBY = staff("lobby", Role.LOBBY_MANAGER)
SUPERVISOR = staff("supervisor", Role.LOBBY_SUPERVISOR)
BACK_OFFICE = staff("back office", Role.BACK_OFFICE)
OUTREACH = staff("outreach", Role.OUTREACH)
MANAGER = staff("manager", Role.WEALTH_MANAGER)
BACKUP = staff("backup", Role.WEALTH_MANAGER)
HEAD = staff("head", Role.BRANCH_HEAD)
PAYROLL = staff("payroll", Role.PAYROLL)
ADMIN = staff("admin", Role.ADMINISTRATOR)
FAR_ADMIN = staff("far admin", Role.ADMINISTRATOR, outlet=FAR_OUTLET)
FAR_MANAGER = staff("far manager", Role.WEALTH_MANAGER, outlet=FAR_OUTLET)
OTHER_HEAD = staff("other head", Role.BRANCH_HEAD, outlet=OTHER_OUTLET)
OTHER_POSTMAN = staff("other postman", Role.POSTMAN, outlet=OTHER_OUTLET)
OTHER_MANAGER = staff("other manager", Role.WEALTH_MANAGER, outlet=OTHER_OUTLET)
OTHER_LOBBY = staff("other lobby", Role.LOBBY_MANAGER, outlet=OTHER_OUTLET)
GONE = staff("gone", Role.POSTMAN, Role.WEALTH_MANAGER, active=False)

EVERYBODY = (
    *(POSTMAN, COLLEAGUE, COUNTER, TELLER, LOBBY, SUPERVISOR, BACK_OFFICE, OUTREACH),
    *(MANAGER, BACKUP, HEAD, PAYROLL, ADMIN, FAR_ADMIN, FAR_MANAGER, OTHER_HEAD),
    *(OTHER_POSTMAN, OTHER_MANAGER, OTHER_LOBBY, GONE),
)

ROUND = Round(id=id_of("round"), outlet_id=OUTLET.id, name="一段", postman_id=POSTMAN.id)
OTHER_ROUND = Round(
    id=id_of("other round"), outlet_id=OTHER_OUTLET.id, name="二段", postman_id=OTHER_POSTMAN.id
)
VILLAGE = Village(
    id=id_of("village"),
    outlet_id=OUTLET.id,
    round_id=ROUND.id,
    name="东坑村",
    town="龙门",
    wealth_manager_id=MANAGER.id,
    backup_wealth_manager_id=BACKUP.id,
)
OTHER_VILLAGE = Village(
    id=id_of("other village"),
    outlet_id=OTHER_OUTLET.id,
    round_id=OTHER_ROUND.id,
    name="后坡村",
    town="覃斗",
    wealth_manager_id=OTHER_MANAGER.id,
)
MELON = Crop(
    id=id_of("melon"),
    county_id=COUNTY_ID,
    name="西瓜",
    cash_days_min=0,
    cash_days_max=0,
    kit=("毛巾", "手套"),
)
CANE = Crop(id=id_of("cane"), county_id=COUNTY_ID, name="甘蔗", cash_days_min=14, cash_days_max=84)
MELONS = VillageCrop(
    id=id_of("melons"),
    village_id=VILLAGE.id,
    crop_id=MELON.id,
    months=(4, 5, 6),
    households=60,
    fen_per_household=2_500_000,
)
MARKET = MarketDay(id=id_of("market"), county_id=COUNTY_ID, town="龙门", lunar_digits=(1, 4, 7))
PROFILE = WealthManagerProfile(
    id=id_of("profile"),
    staff_id=MANAGER.id,
    years=8,
    specialties=("deposit",),
    dialects=("雷州话",),
    introduction="",
    leads_max=20,
    visits_per_day_max=2,
)
CUSTOMER = Customer(
    id=id_of("customer"),
    outlet_id=OUTLET.id,
    name="陈大叔",
    kind=CustomerKind.FARMER,
    village_id=VILLAGE.id,
)
OTHER_CUSTOMER = Customer(
    id=id_of("other customer"), outlet_id=OTHER_OUTLET.id, name="林姐", kind=CustomerKind.BUYER
)


def county(*more: Row) -> Memory:
    """Return the county as it is before anybody has done anything, and *more*."""
    return Memory(
        [
            *(OUTLET, OTHER_OUTLET, FAR_OUTLET, *EVERYBODY, ROUND, OTHER_ROUND),
            *(VILLAGE, OTHER_VILLAGE, MELON, CANE, MELONS, MARKET, PROFILE),
            *(CUSTOMER, OTHER_CUSTOMER),
            *more,
        ]
    )


def actor(person: Staff) -> Actor:
    return actor_of(person)


def actor_as(*roles: Role) -> Actor:
    return Actor(
        staff_id=id_of("anybody"),
        outlet_id=OUTLET.id,
        county_id=COUNTY_ID,
        roles=frozenset(roles),
    )


REFERRAL = Referral(
    id=id_of("referral"),
    outlet_id=OUTLET.id,
    customer_id=CUSTOMER.id,
    referrer_id=POSTMAN.id,
    kind=CustomerKind.FARMER,
    source=LeadSource.VILLAGE,
    need=Need.DEPOSIT,
    interest=Interest.HIGH,
    mode=ReferralMode.INFORMATION,
    status=ReferralStatus.RECEIVED,
    captured_from=NOW,
    captured_to=NOW,
    clock_grade=ClockGrade.A,
    village_id=VILLAGE.id,
)

SALE = HarvestDate(
    id=id_of("sale"),
    outlet_id=OUTLET.id,
    village_id=VILLAGE.id,
    crop_id=MELON.id,
    status=HarvestStatus.HEARD,
    sale_from_on=day(3),
    sale_to_on=day(4),
    payout_on=day(3),
    confidence=Confidence.FARMER,
    version=1,
    reported_by_id=POSTMAN.id,
    reported_at=NOW,
)
SALE_VERSION = HarvestDateVersion(
    id=id_of("sale version"),
    harvest_date_id=SALE.id,
    village_id=VILLAGE.id,
    outlet_id=OUTLET.id,
    version=1,
    status=HarvestStatus.HEARD,
    sale_from_on=SALE.sale_from_on,
    sale_to_on=SALE.sale_to_on,
    payout_on=SALE.payout_on,
    confidence=SALE.confidence,
    reported_by_id=POSTMAN.id,
    reported_at=NOW,
)

CARD = CareCard(
    id=id_of("card"),
    outlet_id=OUTLET.id,
    customer_id=CUSTOMER.id,
    reason=CareReason.MONEY_NOT_IN,
    status=CareStatus.OPEN,
    originator_id=POSTMAN.id,
    owner_id=POSTMAN.id,
    opened_at=NOW,
    next_contact_on=day(7),
    village_id=VILLAGE.id,
)

VISIT = Visit(
    id=id_of("visit"),
    outlet_id=OUTLET.id,
    wealth_manager_id=MANAGER.id,
    status=VisitStatus.SCHEDULED,
    planned_on=day(3),
    village_id=VILLAGE.id,
    helper_ids=(OUTREACH.id,),
    kit=("毛巾",),
)


def referral(status: ReferralStatus, **fields: object) -> Referral:
    """Return the referral in that status, routed to the manager once it has got that far."""
    early = (ReferralStatus.RECEIVED, ReferralStatus.HELD, ReferralStatus.UNASSIGNED)
    manager_id = None if status in early else MANAGER.id
    values = {"status": status, "wealth_manager_id": manager_id, **fields}
    return replace(REFERRAL, **values)  # type: ignore[arg-type]


def run(rows: Memory, name: str, args: object, person: Staff, moment: Moment = MOMENT) -> list[Row]:
    """Decide the mutation as *person* and keep what it returns, as both sides do."""
    changed = list(MUTATIONS[name].run(rows, args, actor_of(person), moment))
    rows.keep(changed)
    return changed


@contextmanager
def refused(slug: str, **facts: str | int) -> Iterator[None]:
    """Expect a refusal with that slug, and at least these facts."""
    with pytest.raises(RefusedError) as caught:
        yield
    assert caught.value.slug == slug
    assert facts.items() <= caught.value.facts.items()
