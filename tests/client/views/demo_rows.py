"""An invented round: two villages of 龙门, two crops, a wealth manager, sales, a care card."""

from __future__ import annotations

import datetime as dt
from typing import Any

from shared.domain.care_card import CareCard, CareReason, CareStatus
from shared.domain.customer import Customer, CustomerContact, CustomerKind, contact_id_of
from shared.domain.harvest import Confidence, HarvestDate, HarvestStatus
from shared.domain.moment import ClockGrade
from shared.domain.notice import Notice, NoticeKind
from shared.domain.people import County, Outlet, Role, Staff
from shared.domain.points import AwardKind, PointsEntry, PointsStatus, ShareRole
from shared.domain.referral import (
    Interest,
    LeadSource,
    Need,
    Referral,
    ReferralMode,
    ReferralStatus,
)
from shared.domain.village import Crop, MarketDay, Round, Village, VillageCrop
from shared.ids import make_id
from tests.client.views.fake_field import NOW, FakeField


def row_id(number: int) -> str:
    return make_id(0, number, 0)


COUNTY, OUTLET, POSTMAN, MANAGER, HEAD = (row_id(number) for number in range(1, 6))
ROUND, EAST, WEST = row_id(10), row_id(11), row_id(12)
MELON, PEPPER, CANE = row_id(20), row_id(21), row_id(22)
SALE, CARD, AUNT, UNCLE, LEAD = (row_id(number) for number in range(30, 35))

ME = Staff(
    id=POSTMAN,
    county_id=COUNTY,
    outlet_id=OUTLET,
    number="P0007",
    name="陈大顺",
    roles=(Role.POSTMAN,),
)


def world() -> list[Any]:
    """Return the round's rows."""
    today = dt.date(2026, 11, 23)
    return [
        County(id=COUNTY, name="雷州"),
        Outlet(id=OUTLET, county_id=COUNTY, number="524200", name="龙门支局", town="龙门"),
        Staff(
            id=MANAGER,
            county_id=COUNTY,
            outlet_id=OUTLET,
            number="W0003",
            name="林晓梅",
            roles=(Role.WEALTH_MANAGER,),
        ),
        Staff(
            id=HEAD,
            county_id=COUNTY,
            outlet_id=OUTLET,
            number="H0001",
            name="何支局",
            roles=(Role.BRANCH_HEAD,),
        ),
        Round(id=ROUND, outlet_id=OUTLET, name="龙门一段", postman_id=POSTMAN),
        Village(
            id=EAST,
            outlet_id=OUTLET,
            round_id=ROUND,
            name="东坑村",
            town="龙门",
            households=60,
            wealth_manager_id=MANAGER,
        ),
        Village(
            id=WEST,
            outlet_id=OUTLET,
            round_id=ROUND,
            name="西塘村",
            town="龙门",
            households=85,
            wealth_manager_id=MANAGER,
        ),
        Crop(id=MELON, county_id=COUNTY, name="西瓜", cash_days_min=0, cash_days_max=0),
        Crop(id=PEPPER, county_id=COUNTY, name="尖椒", cash_days_min=0, cash_days_max=3),
        Crop(id=CANE, county_id=COUNTY, name="甘蔗", cash_days_min=14, cash_days_max=84),
        VillageCrop(
            id=row_id(40),
            village_id=EAST,
            crop_id=PEPPER,
            months=(11, 12, 1),
            households=30,
            fen_per_household=1_500_000,
        ),
        VillageCrop(
            id=row_id(41),
            village_id=EAST,
            crop_id=MELON,
            months=(4, 5, 6),
            households=60,
            fen_per_household=2_500_000,
        ),
        VillageCrop(
            id=row_id(42),
            village_id=WEST,
            crop_id=CANE,
            months=(12, 1, 2, 3),
            households=80,
            fen_per_household=2_000_000,
        ),
        MarketDay(id=row_id(43), county_id=COUNTY, town="龙门", lunar_digits=(1, 4, 7)),
        HarvestDate(
            id=SALE,
            outlet_id=OUTLET,
            village_id=EAST,
            crop_id=PEPPER,
            status=HarvestStatus.HEARD,
            sale_from_on=today + dt.timedelta(days=3),
            sale_to_on=today + dt.timedelta(days=3),
            payout_on=today + dt.timedelta(days=3),
            confidence=Confidence.FARMER,
            version=1,
            reported_by_id=MANAGER,
            reported_at=NOW - dt.timedelta(days=2),
        ),
        Customer(
            id=AUNT,
            outlet_id=OUTLET,
            name="吴婶",
            kind=CustomerKind.FARMER,
            village_id=WEST,
        ),
        CustomerContact(
            id=contact_id_of(AUNT),
            customer_id=AUNT,
            phone="13800005678",
            expires_on=today + dt.timedelta(days=20),
        ),
        CareCard(
            id=CARD,
            outlet_id=OUTLET,
            customer_id=AUNT,
            reason=CareReason.MONEY_NOT_IN,
            status=CareStatus.OPEN,
            originator_id=POSTMAN,
            owner_id=POSTMAN,
            opened_at=NOW - dt.timedelta(days=9),
            next_contact_on=today,
            need=Need.DEPOSIT,
            village_id=WEST,
        ),
        Customer(
            id=UNCLE,
            outlet_id=OUTLET,
            name="符伯",
            kind=CustomerKind.FARMER,
            village_id=EAST,
        ),
        Referral(
            id=LEAD,
            outlet_id=OUTLET,
            customer_id=UNCLE,
            referrer_id=POSTMAN,
            kind=CustomerKind.FARMER,
            source=LeadSource.VILLAGE,
            need=Need.WEALTH,
            interest=Interest.HIGH,
            mode=ReferralMode.INFORMATION,
            status=ReferralStatus.SUCCEEDED,
            captured_from=NOW - dt.timedelta(days=6),
            captured_to=NOW - dt.timedelta(days=6),
            clock_grade=ClockGrade.A,
            village_id=EAST,
            receipt_number=7310,
            wealth_manager_id=MANAGER,
            accepted_at=NOW - dt.timedelta(days=5),
            met_at=NOW - dt.timedelta(days=3),
            succeeded_at=NOW - dt.timedelta(days=3),
        ),
        *_entries(),
        Notice(
            id=row_id(60),
            for_id=POSTMAN,
            kind=NoticeKind.HARVEST_DATE_CHANGED,
            object_table="harvest_date",
            object_id=SALE,
            at=NOW - dt.timedelta(hours=3),
        ),
    ]


def _entries() -> list[PointsEntry]:
    awards = (
        (AwardKind.VALID_LEAD, 2, PointsStatus.APPROVED),
        (AwardKind.COMPLETE_CARD, 1, PointsStatus.APPROVED),
        (AwardKind.MET, 2, PointsStatus.PENDING),
        (AwardKind.SUCCESS, 7, PointsStatus.PENDING),
    )
    return [
        PointsEntry(
            id=row_id(50 + at),
            outlet_id=OUTLET,
            award=f"referral:{LEAD}:{kind.value}",
            award_revision=1,
            kind=kind,
            payee_id=POSTMAN,
            share_role=ShareRole.REFERRER,
            share_percent=100,
            award_points=points,
            points=points,
            over_cap=0,
            policy_version="2026-1",
            evidence_table="referral",
            evidence_id=LEAD,
            clock_grade=ClockGrade.A,
            earned_from=NOW - dt.timedelta(days=3, minutes=-at),
            earned_to=NOW - dt.timedelta(days=3, minutes=-at),
            period="2026-11",
            status=status,
            maker_id=MANAGER,
            decided_by_id=HEAD if status is PointsStatus.APPROVED else None,
            decided_at=NOW - dt.timedelta(days=1) if status is PointsStatus.APPROVED else None,
        )
        for at, (kind, points, status) in enumerate(awards)
    ]


def postman_field(**options: Any) -> FakeField:
    """Return the field of the invented postman."""
    return FakeField(ME, world(), **options)
