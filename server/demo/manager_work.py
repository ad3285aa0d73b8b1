"""What wealth managers do with the leads that were routed to them."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict

from server.demo.stage import Phone, Stage, at_outlet
from server.rows import DatabaseRows
from shared.domain.care_card import CareReason, OpenCareCard
from shared.domain.harvest import Confidence, ConfirmHarvestDate, HarvestDate, HarvestStatus
from shared.domain.people import Role
from shared.domain.referral import (
    AmountBand,
    HandOverReferral,
    MeetReferral,
    NamedReferral,
    Need,
    ReasonedReferral,
    Referral,
    ReferralMode,
    ReferralStatus,
    SucceedReferral,
)
from shared.domain.village import Village
from shared.domain.visit import (
    CallResult,
    CheckInVisit,
    EndVisit,
    FinishVisit,
    PackKit,
    RecordCall,
    ScheduleVisit,
    Visit,
    VisitAction,
    VisitStatus,
)

__all__ = ["ManagerWork"]

_RARE_NEEDS = frozenset({Need.FUND, Need.LOAN, Need.PENSION})
_AHEAD_DAYS_MAX = 12
_HELP = (
    "帮忙擦瓜装车两小时，等收购商结账。", "送了饮用水和手套，帮着过磅。",
    "陪老人清点货款，讲了存单怎么办。", "帮忙搬筐，顺便给邻居讲了国债。",
)  # fmt: skip
_LOST = ("钱先拿去还农资款了", "客户决定存到镇上信用社", "家里建房，暂时不考虑", "几次联系不上")


class ManagerWork:
    """Evenings of one wealth manager after another."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._chance = stage.random
        self._vouchers = 0
        self._brought: set[str] = set()

    def day(self, day: dt.date) -> None:
        """Answer, plan, go and record, as a wealth manager's day has it."""
        rows = self._stage.rows()
        managers = self._stage.holding(Role.WEALTH_MANAGER)
        for place, phone in enumerate(managers):
            minute = dt.timedelta(minutes=place)
            self._visit(phone, rows, day)
            self._conclude(phone, rows, at_outlet(day, 17) + minute)
            self._answer(phone, rows, at_outlet(day, 19) + minute)
            self._plan(phone, rows, day, at_outlet(day, 19, 30) + minute)
        self._stage.sync(at_outlet(day, 19, 45), managers)

    @staticmethod
    def _mine(phone: Phone, rows: DatabaseRows, status: ReferralStatus) -> list[Referral]:
        return rows.where(Referral, wealth_manager_id=phone.staff.id, status=status)

    def _answer(self, phone: Phone, rows: DatabaseRows, at: dt.datetime) -> None:
        """Accept most of what was routed, give some back, leave some for tomorrow."""
        for referral in self._mine(phone, rows, ReferralStatus.ROUTED):
            luck = self._chance.random()
            given_back = 0.15 if referral.need in _RARE_NEEDS else 0.03
            if luck < given_back:
                args = ReasonedReferral(id=referral.id, reason="这周已约满，请同事先跟进")
                phone.record("decline_referral", args, at)
            elif luck < 0.9:
                phone.record("accept_referral", NamedReferral(id=referral.id), at)

    def _plan(self, phone: Phone, rows: DatabaseRows, day: dt.date, at: dt.datetime) -> None:
        """Have walk-in customers brought over; plan a visit for those in the villages."""
        by_village: defaultdict[str, list[Referral]] = defaultdict(list)
        for referral in self._mine(phone, rows, ReferralStatus.ACCEPTED):
            if referral.mode is ReferralMode.HANDED_OVER or referral.village_id is None:
                self._bring_over(referral, at)
                continue
            by_village[referral.village_id].append(referral)
            if self._chance.random() < 0.15:
                result = self._chance.choice((CallResult.REACHED, CallResult.NO_ANSWER))
                args = RecordCall(id=phone.new_id(), referral_id=referral.id, result=result)
                phone.record("record_call", args, at)
        for referrals in by_village.values():
            # A village is worth the way when several wait there, or its sale is near.
            waits = 0.8 if len(referrals) > 1 else 0.3
            if self._chance.random() < waits:
                self._schedule(phone, rows, referrals, day, at)
        self._confirm_sales(phone, rows, day, at)

    def _bring_over(self, referral: Referral, at: dt.datetime) -> None:
        """Have the customer brought: a teller's mostly by the lobby, else by the referrer."""
        if referral.id in self._brought:
            return  # It waits on somebody's phone.
        self._brought.add(referral.id)
        by = next(
            one for one in self._stage.phones.values() if one.staff.id == referral.referrer_id
        )
        lobby = self._stage.holding(Role.LOBBY_MANAGER, referral.outlet_id)
        is_walk_in = referral.mode is ReferralMode.HANDED_OVER
        if Role.TELLER in by.staff.roles and is_walk_in and self._chance.random() < 0.7:
            by = self._chance.choice(lobby)
        args = HandOverReferral(
            id=referral.id,
            customer_part=True,
            information_part=True,
            trust_part=self._chance.random() < 0.8,
        )
        by.record("hand_over_referral", args, at)

    def _schedule(
        self,
        phone: Phone,
        rows: DatabaseRows,
        referrals: list[Referral],
        day: dt.date,
        at: dt.datetime,
    ) -> None:
        sale_ids = {one.harvest_date_id for one in referrals if one.harvest_date_id is not None}
        sales = [
            sale
            for sale_id in sorted(sale_ids)
            if (sale := rows.get(HarvestDate, sale_id)) is not None
            and sale.status in {HarvestStatus.HEARD, HarvestStatus.CONFIRMED}
            and 0 < (sale.sale_from_on - day).days <= _AHEAD_DAYS_MAX
        ]
        planned_on = day + dt.timedelta(days=self._chance.randint(1, 4))
        if sales:
            planned_on = sales[0].sale_from_on
        helpers = self._stage.holding(Role.OUTREACH, phone.staff.outlet_id)
        args = ScheduleVisit(
            id=phone.new_id(),
            planned_on=planned_on,
            referral_ids=tuple(sorted(one.id for one in referrals)),
            harvest_date_id=sales[0].id if sales else None,
            village_id=referrals[0].village_id,
            helper_ids=tuple(one.staff.id for one in helpers if self._chance.random() < 0.6),
            note="和收购商一起到，先帮忙装车。" if sales else "",
        )
        phone.record("schedule_visit", args, at)

    def _visit(self, phone: Phone, rows: DatabaseRows, day: dt.date) -> None:
        """Go where a visit is planned for today; pack for tomorrow's."""
        for visit in rows.where(
            Visit, wealth_manager_id=phone.staff.id, status=VisitStatus.SCHEDULED
        ):
            if visit.planned_on == day + dt.timedelta(days=1) and visit.kit:
                packed = PackKit(id=visit.id, packed=visit.kit[: self._chance.randint(1, 3)])
                phone.record("pack_kit", packed, at_outlet(day, 16))
            if visit.planned_on > day:
                continue
            if self._chance.random() < 0.06:
                ended = EndVisit(
                    id=visit.id, action=VisitAction.CANCEL, reason="下大雨，车进不了村，改天再去"
                )
                phone.record("end_visit", ended, at_outlet(day, 8))
                continue
            self._go(phone, rows, visit, day)

    def _go(self, phone: Phone, rows: DatabaseRows, visit: Visit, day: dt.date) -> None:
        village = rows.get(Village, visit.village_id or "")
        position = (
            {}
            if village is None or village.latitude_e6 is None or self._chance.random() < 0.5
            else {"latitude_e6": village.latitude_e6, "longitude_e6": village.longitude_e6}
        )
        phone.record("check_in_visit", CheckInVisit(id=visit.id, **position), at_outlet(day, 9, 20))
        for referral_id in visit.referral_ids:
            referral = rows.get(Referral, referral_id)
            if referral is None or referral.status is not ReferralStatus.VISIT_SET:
                continue
            if self._chance.random() < 0.85:
                complete = self._chance.random() < 0.9
                met = MeetReferral(
                    id=referral_id, customer_part=True, information_part=True, trust_part=complete
                )
                phone.record("meet_referral", met, at_outlet(day, 11))
        finished = FinishVisit(
            id=visit.id,
            help_done=self._chance.choice(_HELP),
            escorted=self._chance.randint(0, 3),
        )
        phone.record("finish_visit", finished, at_outlet(day, 15))

    def _conclude(self, phone: Phone, rows: DatabaseRows, at: dt.datetime) -> None:
        """Meet whom the outlet has brought over; sell, lose, or keep on a care card."""
        for referral in self._mine(phone, rows, ReferralStatus.HANDED_OVER):
            if self._chance.random() < 0.8:
                phone.record("meet_referral", MeetReferral(id=referral.id), at)
        for referral in self._mine(phone, rows, ReferralStatus.MET):
            luck = self._chance.random()
            if luck < 0.30:
                self._vouchers += 1
                succeeded = SucceedReferral(
                    id=referral.id,
                    voucher_number=f"{at:%y%m%d}{self._vouchers:05d}",
                    result_band=referral.amount_band or self._chance.choice(tuple(AmountBand)),
                )
                phone.record("succeed_referral", succeeded, at)
            elif luck < 0.40:
                lost = ReasonedReferral(id=referral.id, reason=self._chance.choice(_LOST))
                phone.record("lose_referral", lost, at)
            elif luck < 0.48:
                card = OpenCareCard(
                    id=phone.new_id(),
                    reason=CareReason.FAMILY_WORD,
                    next_contact_on=at.date() + dt.timedelta(days=self._chance.randint(5, 15)),
                    referral_id=referral.id,
                    need=referral.need,
                    note="要等儿女回来商量。",
                )
                phone.record("open_care_card", card, at)

    def _confirm_sales(
        self, phone: Phone, rows: DatabaseRows, day: dt.date, at: dt.datetime
    ) -> None:
        """Ask the buyers about the sales of one's own villages."""
        for sale in rows.where(HarvestDate, status=HarvestStatus.HEARD):
            village = rows.get(Village, sale.village_id)
            is_own = village is not None and village.wealth_manager_id == phone.staff.id
            if is_own and sale.sale_from_on > day and self._chance.random() < 0.25:
                args = ConfirmHarvestDate(id=sale.id, confidence=Confidence.BUYER)
                phone.record("confirm_harvest_date", args, at, sale)
