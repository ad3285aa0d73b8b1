"""What people do: each draws from what their own phone shows them, as a person would.

Every draw goes through `Field.record`; what the rules of the phone refuse was worth a try.
"""

from __future__ import annotations

import datetime as dt
import random
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias, TypeVar

from client.engine import Field
from shared.domain.care_card import (
    OPEN_CARDS,
    AssignCareCard,
    CareAction,
    CareCard,
    CareReason,
    ConvertCareCard,
    CorrectCareCard,
    EndCareCard,
    FollowUpCareCard,
    FollowUpHow,
    OpenCareCard,
    WithdrawCareCard,
)
from shared.domain.customer import Customer, CustomerKind, RevealContact
from shared.domain.harvest import (
    LIVE_STATUSES,
    AdvanceHarvestDate,
    CancelHarvestDate,
    Confidence,
    ConfirmHarvestDate,
    CorrectHarvestDate,
    HarvestAction,
    HarvestDate,
    ReportHarvestDate,
    ShiftHarvestDate,
    ShiftHarvestDates,
    WithdrawHarvestDate,
)
from shared.domain.notice import Notice, SeeNotice
from shared.domain.organisation import CoverRound, SetLeave
from shared.domain.people import Role, Staff
from shared.domain.points import (
    ApprovePoints,
    ApproveReversal,
    PointsEntry,
    PointsStatus,
    RejectPoints,
    ReversePoints,
)
from shared.domain.referral import (
    OPEN_STATUSES,
    AmountBand,
    AssignReferral,
    CorrectReferral,
    HandOverReferral,
    Interest,
    JoinReferral,
    LeadSource,
    MeetReferral,
    NamedReferral,
    Need,
    ReasonedReferral,
    Referral,
    ReferralMode,
    ReferralStatus,
    SubmitReferral,
    SucceedReferral,
)
from shared.domain.rows import Row
from shared.domain.village import Crop, Round, RoundCover, Village
from shared.domain.visit import (
    CallResult,
    CheckInVisit,
    EndVisit,
    FinishVisit,
    PackKit,
    ProposeVisit,
    RecordCall,
    ScheduleVisit,
    Visit,
    VisitAction,
    VisitStatus,
)
from tests.simulation.county import VOUCHERS

__all__ = ["WORD", "Deed", "drawn_deed"]

Deed: TypeAlias = tuple[str, object]
"""A mutation's name and its arguments."""

T = TypeVar("T")
R = TypeVar("R", bound=Row)
S, P, V = ReferralStatus, PointsStatus, VisitStatus
_WHY = "为了演练"
WORD = re.compile("zq[0-9a-f]{12}")
"""A word that nobody else ever writes: by it a text is found again wherever it lies."""
_NAMES = ("陈大文", "林二姐", "老何", "王阿婆", "李老板", "赵大叔", "吴三", "周四婶")


@dataclass(frozen=True, slots=True)
class _Hand:
    """A person at their phone."""

    chance: random.Random
    field: Field

    def one(self, table: type[R], fits: Callable[[R], bool] = lambda _: True, **equal: object) -> R:
        return self.draw([row for row in self.field.world.where(table, **equal) if fits(row)])

    def draw(self, some: Sequence[T]) -> T:
        if not some:
            raise LookupError
        return some[self.chance.randrange(len(some))]

    def several(self, some: Sequence[T], most: int) -> list[T]:
        if not some:
            raise LookupError
        return self.chance.sample(some, min(len(some), self.chance.randint(1, most)))

    def maybe(self, likely: float) -> bool:
        return self.chance.random() < likely

    def day(self, least: int, most: int) -> dt.date:
        return self.field.today() + dt.timedelta(days=self.chance.randint(least, most))

    def phone(self) -> str | None:
        # Few enough that two people find the same customer now and then.
        return f"1380000{self.chance.randrange(40):04}" if self.maybe(0.8) else None

    def word(self) -> str:
        """Return words about a customer, one of them as unique as a name can be."""
        return f"记 zq{self.chance.getrandbits(48):012x}"

    @property
    def me(self) -> str:
        return self.field.me.id


def _submit(hand: _Hand) -> Deed:
    village = hand.one(Village).id if hand.maybe(0.8) else None
    known = hand.field.world.where(Customer)
    sales = hand.field.world.where(HarvestDate)
    customer = hand.draw(known) if known and hand.maybe(0.2) else None
    args = SubmitReferral(
        id=hand.field.new_id(),
        kind=hand.draw(list(CustomerKind)),
        source=hand.draw(list(LeadSource)),
        need=hand.draw([Need.DEPOSIT, Need.WEALTH, Need.CARD]),
        interest=hand.draw(list(Interest)),
        mode=hand.draw(list(ReferralMode)),
        consent=True,
        customer_name=hand.draw(_NAMES) if customer is None else customer.name,
        customer_id=None if customer is None else customer.id,
        phone=hand.phone(),
        village_id=village,
        harvest_date_id=hand.draw(sales).id if sales and hand.maybe(0.4) else None,
        note=hand.word(),
    )
    return "submit_referral", args


def _correct(hand: _Hand) -> Deed:
    own = hand.one(Referral, lambda row: row.status in OPEN_STATUSES, referrer_id=hand.me)
    return "correct_referral", CorrectReferral(
        id=own.id,
        customer_name=hand.draw(_NAMES) if hand.maybe(0.4) else None,
        phone=hand.phone(),
        need=hand.draw([Need.DEPOSIT, Need.LOAN]) if hand.maybe(0.4) else None,
        note=hand.word(),
    )


def _withdraw(hand: _Hand) -> Deed:
    own = hand.one(Referral, lambda row: row.status in OPEN_STATUSES, referrer_id=hand.me)
    return "withdraw_referral", ReasonedReferral(id=own.id, reason=hand.word())


def _hand_over(hand: _Hand) -> Deed:
    open_ = (S.ACCEPTED, S.HANDED_OVER, S.VISIT_SET)
    referral = hand.one(Referral, lambda row: row.status in open_)
    parts = [hand.maybe(0.8) for _ in range(3)]
    return "hand_over_referral", HandOverReferral(
        id=referral.id, customer_part=parts[0], information_part=parts[1], trust_part=parts[2]
    )


def _accept(hand: _Hand) -> Deed:
    mine = hand.one(Referral, wealth_manager_id=hand.me, status=S.ROUTED)
    return "accept_referral", NamedReferral(id=mine.id)


def _decline(hand: _Hand) -> Deed:
    mine = hand.one(Referral, wealth_manager_id=hand.me, status=S.ROUTED)
    return "decline_referral", ReasonedReferral(id=mine.id, reason=hand.word())


def _meet(hand: _Hand) -> Deed:
    ready = (S.HANDED_OVER, S.VISIT_SET)
    mine = hand.one(Referral, lambda row: row.status in ready, wealth_manager_id=hand.me)
    return "meet_referral", MeetReferral(
        id=mine.id, customer_part=True, information_part=True, trust_part=hand.maybe(0.8)
    )


def _succeed(hand: _Hand) -> Deed:
    mine = hand.one(Referral, wealth_manager_id=hand.me, status=S.MET)
    return "succeed_referral", SucceedReferral(
        id=mine.id,
        voucher_number=hand.draw(VOUCHERS),
        result_band=hand.draw([AmountBand.FROM_10K, AmountBand.FROM_50K]),
    )


def _lose(hand: _Hand) -> Deed:
    busy = (S.ACCEPTED, S.HANDED_OVER, S.VISIT_SET, S.MET)
    mine = hand.one(Referral, lambda row: row.status in busy, wealth_manager_id=hand.me)
    return "lose_referral", ReasonedReferral(id=mine.id, reason=hand.word())


def _call(hand: _Hand) -> Deed:
    mine = hand.one(Referral, lambda row: row.status in OPEN_STATUSES, wealth_manager_id=hand.me)
    return "record_call", RecordCall(
        id=hand.field.new_id(), referral_id=mine.id, result=hand.draw(list(CallResult))
    )


def _report_sale(hand: _Hand) -> Deed:
    first = hand.day(0, 20)
    return "report_harvest_date", ReportHarvestDate(
        id=hand.field.new_id(),
        village_id=hand.one(Village).id,
        crop_id=hand.one(Crop).id,
        sale_from_on=first,
        sale_to_on=first + dt.timedelta(days=hand.chance.randint(0, 2)),
        confidence=hand.draw(list(Confidence)),
        households=hand.chance.randint(0, 60),
    )


def _live_sale(hand: _Hand) -> HarvestDate:
    return hand.one(HarvestDate, lambda row: row.status in LIVE_STATUSES)


def _shift_sale(hand: _Hand) -> Deed:
    first = hand.day(0, 25)
    return "shift_harvest_date", ShiftHarvestDate(
        id=_live_sale(hand).id, sale_from_on=first, sale_to_on=first, reason=_WHY
    )


def _shift_sales(hand: _Hand) -> Deed:
    live = [row for row in hand.field.world.where(HarvestDate) if row.status in LIVE_STATUSES]
    ids = tuple(row.id for row in hand.several(live, 3))
    return "shift_harvest_dates", ShiftHarvestDates(
        ids=ids, days=hand.draw([-2, -1, 1, 3]), reason=_WHY
    )


def _confirm_sale(hand: _Hand) -> Deed:
    confidence = hand.draw([Confidence.FARMER, Confidence.BUYER, Confidence.SEEN])
    return "confirm_harvest_date", ConfirmHarvestDate(id=_live_sale(hand).id, confidence=confidence)


def _advance_sale(hand: _Hand) -> Deed:
    action = hand.draw([HarvestAction.START_DAY, HarvestAction.SELL, HarvestAction.PAY])
    return "advance_harvest_date", AdvanceHarvestDate(id=hand.one(HarvestDate).id, action=action)


def _cancel_sale(hand: _Hand) -> Deed:
    return "cancel_harvest_date", CancelHarvestDate(id=_live_sale(hand).id, reason=_WHY)


def _correct_sale(hand: _Hand) -> Deed:
    own = hand.one(HarvestDate, reported_by_id=hand.me)
    return "correct_harvest_date", CorrectHarvestDate(
        id=own.id, sale_from_on=hand.day(0, 20), note=f"记 {hand.chance.randrange(1000)}"
    )


def _withdraw_sale(hand: _Hand) -> Deed:
    own = hand.one(HarvestDate, reported_by_id=hand.me)
    return "withdraw_harvest_date", WithdrawHarvestDate(id=own.id, reason=_WHY)


def _open_card(hand: _Hand) -> Deed:
    reason, on = hand.draw(list(CareReason)), hand.day(1, 20)
    if hand.maybe(0.4):
        referral = hand.one(Referral, lambda row: row.status in OPEN_STATUSES)
        return "open_care_card", OpenCareCard(
            id=hand.field.new_id(),
            reason=reason,
            next_contact_on=on,
            referral_id=referral.id,
            note=hand.word(),
        )
    return "open_care_card", OpenCareCard(
        id=hand.field.new_id(),
        reason=reason,
        next_contact_on=on,
        customer_name=hand.draw(_NAMES),
        phone=hand.phone(),
        consent=True,
        village_id=hand.one(Village).id,
        note=hand.word(),
    )


def _card(hand: _Hand) -> CareCard:
    return hand.one(CareCard, lambda row: row.status in OPEN_CARDS)


def _follow_up(hand: _Hand) -> Deed:
    return "follow_up_care_card", FollowUpCareCard(
        id=hand.field.new_id(),
        care_card_id=_card(hand).id,
        how=hand.draw(list(FollowUpHow)),
        next_contact_on=hand.day(1, 20),
        note=hand.word(),
    )


def _convert_card(hand: _Hand) -> Deed:
    return "convert_care_card", ConvertCareCard(
        id=_card(hand).id,
        referral_id=hand.field.new_id(),
        need=Need.DEPOSIT,
        interest=Interest.HIGH,
        mode=ReferralMode.INFORMATION,
        source=LeadSource.VILLAGE,
        consent=hand.maybe(0.5),
    )


def _end_card(hand: _Hand) -> Deed:
    action = hand.draw([CareAction.CLOSE, CareAction.OPT_OUT])
    return "end_care_card", EndCareCard(id=_card(hand).id, action=action, reason=hand.word())


def _correct_card(hand: _Hand) -> Deed:
    return "correct_care_card", CorrectCareCard(
        id=_card(hand).id, note=hand.word(), phone=hand.phone()
    )


def _withdraw_card(hand: _Hand) -> Deed:
    return "withdraw_care_card", WithdrawCareCard(id=_card(hand).id, reason=hand.word())


def _assign_card(hand: _Hand) -> Deed:
    colleague = hand.one(Staff, outlet_id=hand.field.me.outlet_id)
    return "assign_care_card", AssignCareCard(id=_card(hand).id, owner_id=colleague.id)


def _schedule(hand: _Hand) -> Deed:
    ready = (S.ACCEPTED, S.HANDED_OVER, S.VISIT_SET, S.MET)
    mine = [
        row
        for row in hand.field.world.where(Referral, wealth_manager_id=hand.me)
        if row.status in ready
    ]
    planned = [
        row
        for row in hand.field.world.where(Visit, wealth_manager_id=hand.me)
        if row.status in (V.PROPOSED, V.SCHEDULED)
    ]
    sales = hand.field.world.where(HarvestDate)
    moved = planned and hand.maybe(0.5)
    return "schedule_visit", ScheduleVisit(
        id=hand.draw(planned).id if moved else hand.field.new_id(),
        planned_on=hand.day(0, 3),
        referral_ids=tuple(row.id for row in hand.several(mine, 3)) if mine else (),
        harvest_date_id=hand.draw(sales).id if sales and hand.maybe(0.5) else None,
    )


def _propose(hand: _Hand) -> Deed:
    return "propose_visit", ProposeVisit(
        id=hand.field.new_id(), harvest_date_id=_live_sale(hand).id, planned_on=hand.day(0, 5)
    )


def _pack(hand: _Hand) -> Deed:
    visit = hand.one(Visit)
    return "pack_kit", PackKit(id=visit.id, packed=visit.kit[: hand.chance.randint(0, 2)])


def _check_in(hand: _Hand) -> Deed:
    return "check_in_visit", CheckInVisit(id=hand.one(Visit, status=V.SCHEDULED).id)


def _finish(hand: _Hand) -> Deed:
    visit = hand.one(Visit, status=V.UNDER_WAY)
    return "finish_visit", FinishVisit(id=visit.id, help_done="装车", escorted=1)


def _end_visit(hand: _Hand) -> Deed:
    action = hand.draw([VisitAction.MISS, VisitAction.CANCEL])
    return "end_visit", EndVisit(id=hand.one(Visit).id, action=action, reason=_WHY)


def _see(hand: _Hand) -> Deed:
    news = hand.field.world.where(Notice, for_id=hand.me)
    return "see_notice", SeeNotice(ids=tuple(row.id for row in hand.several(news, 5)))


def _verify(hand: _Hand) -> Deed:
    return "verify_referral", NamedReferral(id=hand.one(Referral, status=S.SUCCEEDED).id)


def _void(hand: _Hand) -> Deed:
    return "void_referral", ReasonedReferral(id=hand.one(Referral).id, reason=hand.word())


def _release(hand: _Hand) -> Deed:
    return "release_referral", NamedReferral(id=hand.one(Referral, status=S.HELD).id)


def _join(hand: _Hand) -> Deed:
    held = hand.one(Referral, status=S.HELD)
    return "join_referral", JoinReferral(id=held.id, assisted=hand.maybe(0.5))


def _assign(hand: _Hand) -> Deed:
    manager = hand.one(Staff, lambda row: Role.WEALTH_MANAGER in row.roles)
    referral = hand.one(Referral, lambda row: row.status in OPEN_STATUSES)
    return "assign_referral", AssignReferral(id=referral.id, wealth_manager_id=manager.id)


def _pending(hand: _Hand) -> list[PointsEntry]:
    entries = hand.field.world.where(PointsEntry, status=P.PENDING)
    return [row for row in entries if row.evidence_verified and row.payee_id != hand.me]


def _approve(hand: _Hand) -> Deed:
    awards = [row for row in _pending(hand) if row.reverses_id is None]
    ids = tuple(row.id for row in hand.several(awards, 8))
    return "approve_points", ApprovePoints(ids=ids)


def _reject(hand: _Hand) -> Deed:
    ids = tuple(row.id for row in hand.several(_pending(hand), 2))
    return "reject_points", RejectPoints(ids=ids, reason=_WHY)


def _propose_reversal(hand: _Hand) -> Deed:
    entry = hand.one(PointsEntry, status=P.APPROVED)
    return "propose_reversal", ReversePoints(id=entry.id, reason=_WHY)


def _approve_reversal(hand: _Hand) -> Deed:
    taken_back = [row for row in _pending(hand) if row.reverses_id is not None]
    return "approve_reversal", ApproveReversal(id=hand.draw(taken_back).id)


def _reveal(hand: _Hand) -> Deed:
    customer = hand.one(Customer)
    return "reveal_contact", RevealContact(
        id=hand.field.new_id(), customer_id=customer.id, reason=hand.word()
    )


def _cover(hand: _Hand) -> Deed:
    covers = hand.field.world.where(RoundCover)
    known = hand.draw(covers) if covers and hand.maybe(0.4) else None
    postman = hand.one(
        Staff, lambda row: Role.POSTMAN in row.roles, outlet_id=hand.field.me.outlet_id
    )
    from_on = hand.day(0, 2)
    return "cover_round", CoverRound(
        id=hand.field.new_id() if known is None else known.id,
        round_id=hand.one(Round).id if known is None else known.round_id,
        staff_id=postman.id if known is None else known.staff_id,
        from_on=from_on,
        to_on=from_on + dt.timedelta(days=hand.chance.randint(0, 3)),
        cancelled=known is not None and hand.maybe(0.6),
    )


def _leave(hand: _Hand) -> Deed:
    away = hand.one(Staff, outlet_id=hand.field.me.outlet_id)
    from_on = hand.day(0, 2)
    return "set_leave", SetLeave(
        id=hand.field.new_id(),
        staff_id=away.id,
        from_on=from_on,
        to_on=from_on + dt.timedelta(days=1),
    )


_Draw: TypeAlias = Callable[[_Hand], Deed]

_ANYBODY: Mapping[_Draw, int] = {_see: 2}
_REFERRER: Mapping[_Draw, int] = {_submit: 14, _correct: 4, _withdraw: 2, _hand_over: 4}
_KEEPER: Mapping[_Draw, int] = {
    _report_sale: 5,
    _shift_sale: 2,
    _shift_sales: 2,
    _confirm_sale: 2,
    _advance_sale: 2,
    _cancel_sale: 1,
    _correct_sale: 1,
    _withdraw_sale: 1,
}
_CARER: Mapping[_Draw, int] = {
    _open_card: 3,
    _follow_up: 2,
    _convert_card: 2,
    _end_card: 1,
    _correct_card: 1,
    _withdraw_card: 1,
    _assign_card: 1,
}
_MANAGER: Mapping[_Draw, int] = {
    _accept: 14,
    _decline: 3,
    _schedule: 7,
    _meet: 12,
    _succeed: 10,
    _lose: 1,
    _call: 2,
    _pack: 1,
    _check_in: 3,
    _finish: 2,
    _end_visit: 2,
    _submit: 1,
    _hand_over: 4,
}
_HEAD: Mapping[_Draw, int] = {
    _verify: 8,
    _void: 2,
    _release: 3,
    _join: 2,
    _assign: 4,
    _approve: 10,
    _reject: 2,
    _propose_reversal: 2,
    _reveal: 2,
    _cover: 2,
    _leave: 1,
    _end_visit: 1,
}
_ADMIN: Mapping[_Draw, int] = {_approve_reversal: 4, _approve: 2, _reject: 1}

_BY_ROLE: Mapping[Role, Sequence[Mapping[_Draw, int]]] = {
    Role.POSTMAN: (_ANYBODY, _REFERRER, _KEEPER, _CARER, {_propose: 1}),
    Role.WEALTH_MANAGER: (_ANYBODY, _MANAGER, _CARER, {_confirm_sale: 1}),
    Role.BRANCH_HEAD: (_ANYBODY, _HEAD),
    Role.ADMINISTRATOR: (_ANYBODY, _ADMIN),
}


def drawn_deed(chance: random.Random, field: Field) -> Deed | None:
    """Return something that the person of *field* could do now; None when nothing came to mind."""
    hand = _Hand(chance, field)
    weights: dict[_Draw, int] = {}
    for role in field.me.roles:
        for some in _BY_ROLE.get(role, ()):
            weights |= some
    if not weights:
        return None
    for draw in chance.choices(list(weights), list(weights.values()), k=3):
        try:
            return draw(hand)
        except LookupError:
            continue
    return None
