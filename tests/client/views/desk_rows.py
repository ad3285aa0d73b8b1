"""An invented outlet for the desks: leads in every state, sales of a month, points to approve."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import Any

from shared.domain.care_card import CareCard, CareReason, CareStatus
from shared.domain.customer import Customer, CustomerContact, CustomerKind, contact_id_of
from shared.domain.harvest import Confidence, HarvestDate, HarvestStatus
from shared.domain.moment import ClockGrade
from shared.domain.notice import Notice, NoticeKind
from shared.domain.people import County, Device, Outlet, Role, Staff, WealthManagerProfile
from shared.domain.points import AwardKind, PointsEntry, PointsStatus, ShareRole
from shared.domain.referral import (
    AmountBand,
    Interest,
    LeadSource,
    Need,
    Referral,
    ReferralMode,
    ReferralStatus,
)
from shared.domain.routing import RouteStep, RouteTrace, RouteVerdict
from shared.domain.village import Crop, MarketDay, Round, Village, VillageCrop
from shared.domain.visit import CallAttempt, CallResult, Visit, VisitStatus
from shared.ids import make_id, parse_id
from tests.client.views.fake_field import NOW, FakeField

TODAY = dt.date(2026, 11, 23)
S = ReferralStatus


def row_id(number: int) -> str:
    return make_id(0, number, 0)


def days(count: float) -> dt.timedelta:
    return dt.timedelta(days=count)


COUNTY, OUTLET = row_id(1), row_id(2)
LIN, ZHUO, HEAD, CHEN, WU, LAI, HUANG = (row_id(number) for number in range(11, 18))
EAST, WEST, HILL = row_id(31), row_id(32), row_id(33)
PEPPER, MELON, CANE = row_id(41), row_id(42), row_id(43)
SALE, HEARD_SALE, LATE_SALE, NEAR_SALE = (row_id(number) for number in range(51, 55))
NEW_LEAD, SECOND_LEAD, ACCEPTED, SET, MET, SUCCEEDED = (row_id(number) for number in range(61, 67))
HELD, EARLIER, UNASSIGNED, VERIFIED, LOST, OVERDUE = (row_id(number) for number in range(67, 73))
VISIT = row_id(81)
ENTRIES = 300


def staff(staff_id: str, number: str, name: str, *roles: Role) -> Staff:
    return Staff(
        id=staff_id, county_id=COUNTY, outlet_id=OUTLET, number=number, name=name, roles=roles
    )


MANAGER = staff(LIN, "W0003", "林晓梅", Role.WEALTH_MANAGER)
BRANCH_HEAD = staff(HEAD, "H0001", "何伟强", Role.BRANCH_HEAD)
PEOPLE = (
    MANAGER,
    BRANCH_HEAD,
    staff(ZHUO, "W0004", "卓志远", Role.WEALTH_MANAGER),
    staff(CHEN, "P0007", "陈大顺", Role.POSTMAN),
    staff(WU, "P0008", "吴小波", Role.POSTMAN),
    staff(LAI, "L0002", "赖秀云", Role.LOBBY_MANAGER),
    staff(HUANG, "B0005", "黄海燕", Role.BACK_OFFICE),
)


def lead(
    lead_id: str,
    status: ReferralStatus,
    name: str,
    *,
    village: str = EAST,
    days_ago: float = 1,
    **more: Any,
) -> list[Any]:
    """Return a lead with its customer and number."""
    customer_id = make_id(1, parse_id(lead_id).sequence, 0)
    at = NOW - days(days_ago)
    values: dict[str, Any] = {
        "id": lead_id,
        "outlet_id": OUTLET,
        "customer_id": customer_id,
        "referrer_id": CHEN,
        "kind": CustomerKind.FARMER,
        "source": LeadSource.VILLAGE,
        "need": Need.DEPOSIT,
        "interest": Interest.HIGH,
        "mode": ReferralMode.INFORMATION,
        "status": status,
        "captured_from": at,
        "captured_to": at,
        "clock_grade": ClockGrade.A,
        "village_id": village,
        "amount_band": AmountBand.FROM_10K,
        "wealth_manager_id": LIN,
        "receipt_number": 7000 + parse_id(lead_id).sequence,
    }
    return [
        Customer(
            id=customer_id,
            outlet_id=OUTLET,
            name=name,
            kind=CustomerKind.FARMER,
            village_id=village,
            cues=("雷州话",),
        ),
        CustomerContact(
            id=contact_id_of(customer_id),
            customer_id=customer_id,
            phone=f"138{10000000 + parse_id(lead_id).sequence * 7919 % 89999999:08d}",
            expires_on=TODAY + days(20),
        ),
        Referral(**values | more),
    ]


def sale(
    sale_id: str, village: str, crop: str, away: tuple[int, int], confidence: Confidence
) -> HarvestDate:
    """Return a sale that begins, and is paid, so many days from today."""
    first, payout = away
    return HarvestDate(
        id=sale_id,
        outlet_id=OUTLET,
        village_id=village,
        crop_id=crop,
        status=HarvestStatus.HEARD if confidence is Confidence.HEARSAY else HarvestStatus.CONFIRMED,
        sale_from_on=TODAY + days(first),
        sale_to_on=TODAY + days(first + 1),
        payout_on=TODAY + days(payout),
        confidence=confidence,
        version=1,
        reported_by_id=CHEN,
        reported_at=NOW - days(2),
        households=60,
    )


def route(lead_id: str, rule: int, *steps: RouteStep) -> RouteTrace:
    return RouteTrace(
        id=row_id(5000 + parse_id(lead_id).sequence),
        referral_id=lead_id,
        outlet_id=OUTLET,
        chosen_id=LIN,
        acting_for_id=None,
        rule=rule,
        steps=steps,
        at=NOW - days(0.9),
        due_at=NOW + days(0.1),
        backup_due_at=NOW + days(0.5),
        escalated_at=NOW + days(1),
    )


def by_village(lead_id: str) -> RouteTrace:
    v = RouteVerdict
    return route(
        lead_id,
        4,
        RouteStep(rule=0, verdict=v.ON_LEAVE, candidate_id=ZHUO),
        RouteStep(rule=1, verdict=v.NAMES_NOBODY),
        RouteStep(rule=2, verdict=v.NAMES_NOBODY),
        RouteStep(rule=3, verdict=v.NAMES_NOBODY),
        RouteStep(rule=4, verdict=v.CHOSEN, candidate_id=LIN),
    )


def entry(number: int, *, kind: AwardKind = AwardKind.VALID_LEAD, **more: Any) -> PointsEntry:
    points = {AwardKind.VALID_LEAD: 2, AwardKind.COMPLETE_CARD: 1, AwardKind.MET: 2}.get(kind, 7)
    at = NOW - days(1 + number % 9)
    values: dict[str, Any] = {
        "id": row_id(ENTRIES + number),
        "outlet_id": OUTLET,
        "award": f"referral:{MET}:{kind}:{number}",
        "award_revision": 1,
        "kind": kind,
        "payee_id": CHEN if number % 3 else WU,
        "share_role": ShareRole.REFERRER,
        "share_percent": 100,
        "award_points": points,
        "points": points,
        "over_cap": 0,
        "policy_version": "2026-1",
        "evidence_table": "referral",
        "evidence_id": MET,
        "clock_grade": ClockGrade.A,
        "earned_from": at,
        "earned_to": at,
        "period": "2026-11",
        "status": PointsStatus.PENDING,
        "maker_id": LIN,
    }
    return PointsEntry(**values | more)


def entries(plain: int = 38) -> list[PointsEntry]:
    """Return *plain* entries without a flag, and one of each that must be looked at."""
    kinds = (AwardKind.VALID_LEAD, AwardKind.COMPLETE_CARD, AwardKind.MET)
    return [
        *(entry(number, kind=kinds[number % 3]) for number in range(plain)),
        entry(
            101,
            clock_grade=ClockGrade.C,
            earned_from=dt.datetime(2026, 10, 30, tzinfo=dt.UTC),
            earned_to=dt.datetime(2026, 11, 2, tzinfo=dt.UTC),
        ),
        entry(102, points=0, over_cap=2, award_points=2),
        entry(
            103,
            kind=AwardKind.MET,
            award=f"referral:{SUCCEEDED}:met",
            points=1,
            share_percent=70,
            evidence_id=SUCCEEDED,
        ),
        entry(
            104,
            kind=AwardKind.MET,
            award=f"referral:{SUCCEEDED}:met",
            points=1,
            share_percent=30,
            share_role=ShareRole.ESCORT,
            payee_id=LAI,
            evidence_id=SUCCEEDED,
        ),
        entry(105, kind=AwardKind.SUCCESS, evidence_id=SUCCEEDED, evidence_verified=False),
        entry(106, payee_id=HEAD),
    ]


def rows() -> list[Any]:
    """Return all that stands in the outlet."""
    return [
        County(id=COUNTY, name="雷州"),
        Outlet(id=OUTLET, county_id=COUNTY, number="524200", name="龙门支局", town="龙门"),
        *PEOPLE,
        WealthManagerProfile(
            id=row_id(20),
            staff_id=LIN,
            years=11,
            specialties=("deposit", "pension"),
            dialects=("雷州话", "白话"),
            introduction="在龙门网点十一年，帮两百多户瓜农打理过货款。",
            leads_max=20,
            visits_per_day_max=2,
        ),
        Round(id=row_id(30), outlet_id=OUTLET, name="龙门一段", postman_id=CHEN),
        *(
            Village(
                id=village_id,
                outlet_id=OUTLET,
                round_id=row_id(30),
                name=name,
                town="龙门",
                households=households,
                wealth_manager_id=LIN,
                backup_wealth_manager_id=ZHUO,
                latitude_e6=20_700_000 + north,
                longitude_e6=110_080_000 + east,
            )
            for village_id, name, households, north, east in (
                (EAST, "东坑村", 60, 0, 0),
                (WEST, "西塘村", 85, 21_000, -38_000),
                (HILL, "石岭村", 120, 52_000, 24_000),
            )
        ),
        *(
            VillageCrop(
                id=row_id(45 + number),
                village_id=village_id,
                crop_id=crop_id,
                months=months,
                households=40,
                fen_per_household=1_500_000,
            )
            for number, (village_id, crop_id, months) in enumerate(
                (
                    (EAST, PEPPER, (11, 12, 1, 2)),
                    (HILL, MELON, (4, 5, 6, 11)),
                    (WEST, CANE, (12, 1, 2, 3)),
                )
            )
        ),
        Crop(
            id=PEPPER,
            county_id=COUNTY,
            name="尖椒",
            cash_days_min=0,
            cash_days_max=3,
            kit=("毛巾", "手套", "饮用水", "宣传单"),
        ),
        Crop(id=MELON, county_id=COUNTY, name="西瓜", cash_days_min=0, cash_days_max=0),
        Crop(id=CANE, county_id=COUNTY, name="甘蔗", cash_days_min=14, cash_days_max=84),
        MarketDay(id=row_id(44), county_id=COUNTY, town="龙门", lunar_digits=(1, 4, 7)),
        sale(SALE, EAST, PEPPER, (3, 5), Confidence.BUYER),
        sale(HEARD_SALE, WEST, CANE, (6, 27), Confidence.HEARSAY),
        sale(LATE_SALE, HILL, MELON, (3, 3), Confidence.FARMER),
        sale(NEAR_SALE, WEST, PEPPER, (0, 1), Confidence.SEEN),
        *_leads(),
        Visit(
            id=VISIT,
            outlet_id=OUTLET,
            wealth_manager_id=LIN,
            status=VisitStatus.SCHEDULED,
            planned_on=TODAY,
            village_id=WEST,
            harvest_date_id=NEAR_SALE,
            referral_ids=(SET,),
            helper_ids=(LAI,),
            kit=("毛巾", "手套", "饮用水", "宣传单"),
            kit_packed=("毛巾",),
        ),
        CallAttempt(
            id=row_id(90),
            referral_id=ACCEPTED,
            by_id=LIN,
            at=NOW - days(0.2),
            result=CallResult.NO_ANSWER,
        ),
        *entries(),
        CareCard(
            id=row_id(92),
            outlet_id=OUTLET,
            customer_id=make_id(1, parse_id(LOST).sequence, 0),
            reason=CareReason.MONEY_NOT_IN,
            status=CareStatus.OPEN,
            originator_id=CHEN,
            owner_id=LIN,
            opened_at=NOW - days(9),
            next_contact_on=TODAY,
            village_id=HILL,
        ),
        *_devices(),
        *(
            Notice(
                id=row_id(120 + number),
                for_id=LIN,
                kind=kind,
                object_table=table,
                object_id=object_id,
                at=NOW - days(number + 0.1),
                seen_at=NOW if number > 1 else None,
            )
            for number, (kind, table, object_id) in enumerate(
                (
                    (NoticeKind.REFERRAL_ROUTED, "referral", NEW_LEAD),
                    (NoticeKind.HARVEST_DATE_CHANGED, "harvest_date", LATE_SALE),
                    (NoticeKind.VISIT_CHANGED, "visit", VISIT),
                )
            )
        ),
    ]


def _leads() -> list[Any]:
    handed = {"customer_part_id": CHEN, "information_part_id": CHEN, "trust_part_id": LIN}
    return [
        *lead(
            NEW_LEAD,
            S.ROUTED,
            "符伯",
            days_ago=0.9,
            harvest_date_id=SALE,
            amount_band=AmountBand.FROM_50K,
            due_at=NOW + days(0.1),
            note="今年尖椒卖得好，想存一部分，另一部分问理财",
        ),
        by_village(NEW_LEAD),
        *lead(
            SECOND_LEAD,
            S.ROUTED,
            "梁婶（村口小卖部，丈夫在广州打工，晚上七点后才在家）",
            village=HILL,
            need=Need.PENSION,
            due_at=NOW - days(0.1),
        ),
        route(
            SECOND_LEAD,
            7,
            RouteStep(rule=1, verdict=RouteVerdict.NAMES_NOBODY),
            RouteStep(
                rule=7, verdict=RouteVerdict.CHOSEN, candidate_id=LIN, assigned=3, capacity=20
            ),
            RouteStep(
                rule=7, verdict=RouteVerdict.RANKED, candidate_id=ZHUO, assigned=9, capacity=20
            ),
        ),
        *lead(
            ACCEPTED,
            S.ACCEPTED,
            "蔡叔",
            harvest_date_id=SALE,
            days_ago=2,
            accepted_at=NOW - days(1.5),
        ),
        by_village(ACCEPTED),
        *lead(
            SET,
            S.VISIT_SET,
            "邓姐",
            village=WEST,
            harvest_date_id=NEAR_SALE,
            days_ago=3,
            accepted_at=NOW - days(2),
            visit_id=VISIT,
        ),
        *lead(
            MET,
            S.MET,
            "莫大哥",
            village=WEST,
            days_ago=8,
            accepted_at=NOW - days(7),
            met_at=NOW - days(2),
            **handed,
        ),
        by_village(MET),
        *lead(
            SUCCEEDED,
            S.SUCCEEDED,
            "吴婶",
            days_ago=9,
            accepted_at=NOW - days(8),
            met_at=NOW - days(4),
            succeeded_at=NOW - days(1),
            voucher_number="LM2611-0457",
            result_band=AmountBand.FROM_50K,
            **handed,
        ),
        by_village(SUCCEEDED),
        *lead(EARLIER, S.ACCEPTED, "黄伯", village=HILL, days_ago=4, wealth_manager_id=ZHUO),
        *lead(
            HELD,
            S.HELD,
            "黄老伯",
            village=HILL,
            days_ago=3,
            referrer_id=WU,
            wealth_manager_id=None,
            held_for_id=EARLIER,
            held_reason="captured_later",
            note="下周三到账，电话是儿子的",
        ),
        *lead(
            UNASSIGNED,
            S.UNASSIGNED,
            "郑老板",
            village=WEST,
            wealth_manager_id=None,
            need=Need.FUND,
            kind=CustomerKind.BUYER,
        ),
        *lead(OVERDUE, S.ROUTED, "苏姨", wealth_manager_id=ZHUO, due_at=NOW - days(0.5)),
        *lead(
            VERIFIED,
            S.VERIFIED,
            "李叔",
            days_ago=40,
            referrer_id=WU,
            succeeded_at=NOW - days(20),
            verified_at=NOW - days(18),
            voucher_number="LM2610-0311",
        ),
        *lead(LOST, S.LOST, "何婆", village=HILL, days_ago=35, ended_reason="已在别家办理"),
        *_earlier_months(),
    ]


def _earlier_months() -> list[Any]:
    """Return the leads of half a year, for the charts."""
    made: list[Any] = []
    for number in range(44):
        status = (S.VERIFIED, S.LOST, S.CARED_FOR, S.VERIFIED, S.MET)[number % 5]
        referrer = (CHEN, WU, LAI, CHEN, HUANG, WU, CHEN)[number % 7]
        village = (EAST, WEST, HILL)[number % 3]
        made += lead(
            row_id(200 + number),
            status,
            f"客户{number + 1}",
            village=village,
            days_ago=6 + number * 3.7,
            referrer_id=referrer,
            wealth_manager_id=(LIN, ZHUO)[number % 2],
        )
    return made


def _devices() -> list[Device]:
    return [
        Device(
            id=row_id(100 + number),
            number=number,
            staff_id=staff_id,
            outlet_id=OUTLET,
            label=label,
            enrolled_at=NOW - days(60),
            last_seen_at=NOW - days(silent),
            reported_lost_at=NOW - days(1) if is_lost else None,
        )
        for number, staff_id, label, silent, is_lost in (
            (3, CHEN, "红米 12C", 0.02, False),
            (4, WU, "荣耀畅玩 40", 4.3, False),
            (5, LIN, "办公电脑", 0.3, False),
            (6, LAI, "vivo Y36", 1.4, False),
            (7, ZHUO, "旧手机", 12, True),
        )
    ]


def manager_field() -> FakeField:
    """Return what the wealth manager's phone holds."""
    return FakeField(MANAGER, rows())


def head_field() -> FakeField:
    """Return what the branch head's device holds."""
    return FakeField(BRANCH_HEAD, rows())


def crowded_field(entries_count: int) -> FakeField:
    """Return a branch head's device with many entries that can be approved in bulk."""
    field = head_field()
    for number in range(entries_count):
        made = entry(1000 + number)
        field.world.put(replace(made, id=make_id(2, number, 0), award=f"bulk:{number}"))
    return field
