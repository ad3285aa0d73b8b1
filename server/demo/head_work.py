"""What branch heads and the administrator decide: vouchers, points, duplicates, orphans."""

from __future__ import annotations

import datetime as dt

from server.demo.stage import Phone, Stage, at_outlet
from server.rows import DatabaseRows
from shared.domain.harvest import LIVE_STATUSES, HarvestDate, ShiftHarvestDates
from shared.domain.moment import day_at_outlet
from shared.domain.people import Role, Staff
from shared.domain.points import ApprovePoints, PointsEntry, PointsStatus, RejectPoints
from shared.domain.referral import (
    AssignReferral,
    JoinReferral,
    NamedReferral,
    ReasonedReferral,
    Referral,
    ReferralStatus,
)

__all__ = ["HeadWork"]

APPROVED_AFTER_DAYS = 4
COLD_WAVE_DAYS = -3
COLD_WAVE_SALES_MAX = 6
_REASONED = "信息与客户本人说的对不上"


class HeadWork:
    """Evenings of the branch heads."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._chance = stage.random

    def day(self, day: dt.date) -> None:
        """Decide what waits; a part of it waits longer."""
        rows = self._stage.rows()
        heads = self._stage.holding(Role.BRANCH_HEAD)
        for phone in heads:
            self._approve(phone, rows, day, at_outlet(day, 20))
            self._look_at_leads(phone, rows, at_outlet(day, 20, 10))
        administrators = self._stage.holding(Role.ADMINISTRATOR)
        for phone in administrators:
            self._approve(phone, rows, day, at_outlet(day, 20, 15))
        self._stage.sync(at_outlet(day, 20, 20), [*heads, *administrators])

    def cold_wave(self, at: dt.datetime) -> None:
        """Move the next sales of one outlet forward at once (PRODUCT §12, story 6)."""
        rows = self._stage.rows()
        earliest = self._stage.today + dt.timedelta(days=1 - COLD_WAVE_DAYS)
        ahead = {
            phone: [
                sale
                for sale in rows.where(HarvestDate, outlet_id=phone.staff.outlet_id)
                if sale.status in LIVE_STATUSES and sale.sale_from_on >= earliest
            ]
            for phone in self._stage.holding(Role.BRANCH_HEAD)
        }
        phone = max(ahead, key=lambda one: len(ahead[one]))
        sales = sorted(ahead[phone], key=lambda sale: (sale.sale_from_on, sale.id))
        if sales:
            args = ShiftHarvestDates(
                ids=tuple(sale.id for sale in sales[:COLD_WAVE_SALES_MAX]),
                days=COLD_WAVE_DAYS,
                reason="寒潮要来，收购商让提前三天收",
            )
            phone.record("shift_harvest_dates", args, at)
            self._stage.sync(at + dt.timedelta(minutes=1), [phone])

    def _look_at_leads(self, phone: Phone, rows: DatabaseRows, at: dt.datetime) -> None:
        outlet_id = phone.staff.outlet_id
        for referral in rows.where(Referral, outlet_id=outlet_id, status=ReferralStatus.SUCCEEDED):
            concerned = {referral.referrer_id, referral.escort_id, referral.assist_id}
            if phone.staff.id not in concerned and self._chance.random() < 0.8:
                phone.record("verify_referral", NamedReferral(id=referral.id), at, referral)
        for referral in rows.where(Referral, outlet_id=outlet_id, status=ReferralStatus.HELD):
            self._decide_held(phone, rows, referral, at)
        for referral in rows.where(Referral, outlet_id=outlet_id, status=ReferralStatus.UNASSIGNED):
            manager = self._chance.choice(self._stage.holding(Role.WEALTH_MANAGER, outlet_id))
            if manager.staff.id != referral.referrer_id and self._chance.random() < 0.4:
                args = AssignReferral(id=referral.id, wealth_manager_id=manager.staff.id)
                phone.record("assign_referral", args, at, referral)
        for referral in rows.where(Referral, outlet_id=outlet_id, status=ReferralStatus.ROUTED):
            if self._chance.random() < 0.04:
                void = ReasonedReferral(id=referral.id, reason=_REASONED)
                phone.record("void_referral", void, at, referral)

    def _decide_held(
        self, phone: Phone, rows: DatabaseRows, referral: Referral, at: dt.datetime
    ) -> None:
        earlier = rows.get(Referral, referral.held_for_id or "")
        concerned = {referral.referrer_id, earlier.referrer_id if earlier else None}
        if phone.staff.id in concerned or self._chance.random() < 0.6:
            return
        if earlier is not None and self._chance.random() < 0.7:
            args = JoinReferral(id=referral.id, assisted=self._chance.random() < 0.4)
            phone.record("join_referral", args, at, referral)
        else:
            phone.record("release_referral", NamedReferral(id=referral.id), at, referral)

    def _approve(self, phone: Phone, rows: DatabaseRows, day: dt.date, at: dt.datetime) -> None:
        """Approve what is old enough to be looked at, reject a little of it."""
        is_head = Role.BRANCH_HEAD in phone.staff.roles
        latest = day - dt.timedelta(days=APPROVED_AFTER_DAYS)
        waiting = [
            entry
            for entry in rows.where(PointsEntry, status=PointsStatus.PENDING)
            if entry.evidence_verified
            and entry.reverses_id is None
            and day_at_outlet(entry.earned_to) <= latest
            and phone.staff.id not in {entry.payee_id, entry.maker_id}
            and self._is_for(entry, phone, rows, by_head=is_head)
        ]
        rejected = [entry for entry in waiting if self._chance.random() < 0.015]
        approved = [entry for entry in waiting if entry not in rejected]
        if approved:
            args = ApprovePoints(ids=tuple(entry.id for entry in approved))
            phone.record("approve_points", args, at, *approved)
        if rejected:
            args_no = RejectPoints(ids=tuple(entry.id for entry in rejected), reason=_REASONED)
            phone.record("reject_points", args_no, at, *rejected)

    @staticmethod
    def _is_for(entry: PointsEntry, phone: Phone, rows: DatabaseRows, *, by_head: bool) -> bool:
        """Tell whose decision it is: the outlet's branch head's, unless it is about one."""
        concerned = (rows.get(Staff, one) for one in (entry.payee_id, entry.maker_id))
        about_head = any(one is not None and Role.BRANCH_HEAD in one.roles for one in concerned)
        if by_head:
            return not about_head and entry.outlet_id == phone.staff.outlet_id
        return about_head
