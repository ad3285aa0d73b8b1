"""Who may do what (PRODUCT §4, §10): each mutation, asked for by everybody, against the server.

What nobody but the named may do is refused to all others, of this outlet, of the next, and of
another county; and what the named may do is taken. A mutation that no case names fails.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from shared.domain.attachment import RemoveAttachment
from shared.domain.care_card import (
    AssignCareCard,
    CareAction,
    CareReason,
    ConvertCareCard,
    CorrectCareCard,
    EndCareCard,
    FollowUpCareCard,
    FollowUpHow,
    OpenCareCard,
    WithdrawCareCard,
)
from shared.domain.customer import CustomerKind, RevealContact
from shared.domain.erasure import EraseCustomer, ErasureReason
from shared.domain.harvest import (
    AdvanceHarvestDate,
    CancelHarvestDate,
    Confidence,
    ConfirmHarvestDate,
    CorrectHarvestDate,
    HarvestAction,
    ReportHarvestDate,
    ShiftHarvestDate,
    ShiftHarvestDates,
    WithdrawHarvestDate,
)
from shared.domain.notice import Notice, SeeNotice
from shared.domain.organisation import CoverRound, NamedDevice, SetLeave
from shared.domain.people import Device
from shared.domain.points import ApprovePoints, ApproveReversal, RejectPoints, ReversePoints
from shared.domain.referral import (
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
    ReferralMode,
    SubmitReferral,
    SucceedReferral,
)
from shared.domain.visit import (
    CallResult,
    CheckInVisit,
    EndVisit,
    FinishVisit,
    PackKit,
    ProposeVisit,
    RecordCall,
    ScheduleVisit,
    VisitAction,
)
from shared.wire.envelope import OpState
from shared.wire.mutations import MUTATIONS
from tests.server.field_county import BACKUP, COLLEAGUE, MELON, POSTMAN, ROUND, VILLAGE
from tests.server.permission_county import (
    PEOPLE,
    RestoredCounty,
    World,
    days_after,
    photo_of,
)
from tests.server.phone import Phone

pytestmark = pytest.mark.server


@dataclass(frozen=True)
class Case:
    """A mutation that is legal as things stand, and the people who may ask for it."""

    mutation: str
    args: Callable[[World, Phone], object]
    allowed: frozenset[str]
    of: str = ""

    def __str__(self) -> str:
        return f"{self.mutation} {self.of}".strip()


def case(
    mutation: str, args: Callable[[World, Phone], object], *allowed: str, of: str = ""
) -> Case:
    assert set(allowed) <= set(PEOPLE)
    return Case(mutation, args, frozenset(allowed), of)


REFERRERS = (
    *("postman", "colleague", "counter", "teller", "back office", "lobby", "supervisor"),
    *("outreach", "manager", "backup", "head", "other postman", "other manager", "other head"),
    "far head",
)
"""All but payroll and the administrators."""
REFERRERS_BUT_TELLERS = tuple(one for one in REFERRERS if one != "teller")
OVERSEERS = ("lobby", "supervisor", "head")
"""Who sees to customers of the whole outlet."""
CALENDAR = ("postman", "manager", "backup", "outreach", "head")
"""Whose village it is: walks it, covers it, was sent to it, or heads the outlet."""
CREW = ("manager", "outreach")


def _lead(world: World, phone: Phone) -> SubmitReferral:
    del world
    return SubmitReferral(
        id=phone.new_id(),
        kind=CustomerKind.FARMER,
        source=LeadSource.WALK_IN,
        need=Need.DEPOSIT,
        interest=Interest.HIGH,
        mode=ReferralMode.INFORMATION,
        consent=True,
        customer_name="新客户",
        phone="13800000199",
    )


def _sale(world: World, phone: Phone) -> ReportHarvestDate:
    del world
    return ReportHarvestDate(
        id=phone.new_id(),
        village_id=VILLAGE.id,
        crop_id=MELON.id,
        sale_from_on=days_after(30),
        sale_to_on=days_after(30),
        confidence=Confidence.FARMER,
    )


def _card(world: World, phone: Phone) -> OpenCareCard:
    del world
    return OpenCareCard(
        id=phone.new_id(),
        reason=CareReason.NO_TIME,
        next_contact_on=days_after(1),
        customer_name="新客户",
        phone="13800000198",
        consent=True,
    )


def _named(name: str) -> Callable[[World, Phone], NamedReferral]:
    return lambda world, _phone: NamedReferral(id=world[name])


def _reasoned(name: str) -> Callable[[World, Phone], ReasonedReferral]:
    return lambda world, _phone: ReasonedReferral(id=world[name], reason="不成")


CASES = (
    case("submit_referral", _lead, *REFERRERS),
    case(
        "correct_referral",
        lambda world, _phone: CorrectReferral(id=world["routed"], note="家在村口"),
        "postman",
    ),
    case("withdraw_referral", _reasoned("routed"), "postman"),
    case("accept_referral", _named("routed"), "manager"),
    case("decline_referral", _reasoned("routed"), "manager"),
    case(
        "hand_over_referral",
        lambda world, _phone: HandOverReferral(
            id=world["accepted"], customer_part=True, information_part=True, trust_part=True
        ),
        *("postman", "manager", *OVERSEERS),
    ),
    case(
        "meet_referral",
        lambda world, _phone: MeetReferral(id=world["handed over"]),
        "manager",
    ),
    case(
        "succeed_referral",
        lambda world, _phone: SucceedReferral(
            id=world["met"], voucher_number="LM-9", result_band=AmountBand.FROM_10K
        ),
        "manager",
    ),
    case("verify_referral", _named("succeeded"), "head"),
    case("lose_referral", _reasoned("accepted"), "manager"),
    case("void_referral", _reasoned("accepted"), "head"),
    case("release_referral", _named("held"), "head"),
    case(
        "join_referral",
        lambda world, _phone: JoinReferral(id=world["held"], assisted=False),
        "head",
    ),
    case(
        "assign_referral",
        lambda world, _phone: AssignReferral(id=world["unassigned"], wealth_manager_id=BACKUP.id),
        "head",
    ),
    case("report_harvest_date", _sale, *CALENDAR),
    case(
        "confirm_harvest_date",
        lambda world, _phone: ConfirmHarvestDate(id=world["sale"], confidence=Confidence.BUYER),
        *CALENDAR,
    ),
    case(
        "shift_harvest_date",
        lambda world, _phone: ShiftHarvestDate(
            id=world["sale"],
            sale_from_on=days_after(2),
            sale_to_on=days_after(2),
            reason="下雨",
        ),
        *CALENDAR,
    ),
    case(
        "shift_harvest_dates",
        lambda world, _phone: ShiftHarvestDates(ids=(world["sale"],), days=2, reason="下雨"),
        *CALENDAR,
    ),
    case(
        "advance_harvest_date",
        lambda world, _phone: AdvanceHarvestDate(id=world["sale"], action=HarvestAction.START_DAY),
        *CALENDAR,
    ),
    case(
        "cancel_harvest_date",
        lambda world, _phone: CancelHarvestDate(id=world["sale"], reason="不卖了"),
        *CALENDAR,
    ),
    case(
        "correct_harvest_date",
        lambda world, _phone: CorrectHarvestDate(id=world["later sale"], note="两车"),
        "postman",
    ),
    case(
        "withdraw_harvest_date",
        lambda world, _phone: WithdrawHarvestDate(id=world["later sale"]),
        "postman",
    ),
    case("open_care_card", _card, *REFERRERS_BUT_TELLERS, of="of somebody new"),
    case(
        "open_care_card",
        lambda world, phone: OpenCareCard(
            id=phone.new_id(),
            reason=CareReason.NO_TIME,
            next_contact_on=days_after(1),
            referral_id=world["accepted"],
        ),
        *("postman", "manager", *OVERSEERS),
        of="of a lead",
    ),
    case(
        "follow_up_care_card",
        lambda world, phone: FollowUpCareCard(
            id=phone.new_id(),
            care_card_id=world["card"],
            how=FollowUpHow.CALL,
            next_contact_on=days_after(1),
        ),
        *("postman", *OVERSEERS),
    ),
    case(
        "convert_care_card",
        lambda world, phone: ConvertCareCard(
            id=world["card"],
            referral_id=phone.new_id(),
            need=Need.DEPOSIT,
            interest=Interest.HIGH,
            mode=ReferralMode.INFORMATION,
            source=LeadSource.VILLAGE,
        ),
        *("postman", *OVERSEERS),
    ),
    case(
        "end_care_card",
        lambda world, _phone: EndCareCard(
            id=world["card"], action=CareAction.CLOSE, reason="搬走了"
        ),
        *("postman", *OVERSEERS),
    ),
    case(
        "correct_care_card",
        lambda world, _phone: CorrectCareCard(id=world["card"], note="傍晚在家"),
        "postman",
    ),
    case(
        "withdraw_care_card",
        lambda world, _phone: WithdrawCareCard(id=world["card"], reason="记错了"),
        "postman",
    ),
    case(
        "assign_care_card",
        lambda world, _phone: AssignCareCard(id=world["card"], owner_id=COLLEAGUE.id),
        *("postman", *OVERSEERS),
    ),
    case(
        "schedule_visit",
        lambda world, phone: ScheduleVisit(
            id=phone.new_id(), planned_on=days_after(0), referral_ids=(world["accepted"],)
        ),
        "manager",
        of="to a lead",
    ),
    case(
        "schedule_visit",
        lambda world, _phone: ScheduleVisit(id=world["scheduled"], planned_on=days_after(1)),
        "manager",
        of="again",
    ),
    case(
        "propose_visit",
        lambda world, phone: ProposeVisit(
            id=phone.new_id(), harvest_date_id=world["sale"], planned_on=days_after(0)
        ),
        *CALENDAR,
    ),
    case(
        "pack_kit",
        lambda world, _phone: PackKit(id=world["scheduled"], packed=("毛巾",)),
        *CREW,
    ),
    case("check_in_visit", lambda world, _phone: CheckInVisit(id=world["scheduled"]), *CREW),
    case(
        "finish_visit",
        lambda world, _phone: FinishVisit(id=world["begun"], help_done="装车"),
        *CREW,
    ),
    case(
        "end_visit",
        lambda world, _phone: EndVisit(
            id=world["scheduled"], action=VisitAction.CANCEL, reason="下雨"
        ),
        *("manager", "head"),
    ),
    case(
        "record_call",
        lambda world, phone: RecordCall(
            id=phone.new_id(), referral_id=world["accepted"], result=CallResult.NO_ANSWER
        ),
        "manager",
    ),
    case(
        "see_notice",
        lambda world, _phone: SeeNotice(
            ids=tuple(
                notice.id
                for notice in world.phones["manager"].held(Notice)
                if notice.seen_at is None
            )
        ),
        "manager",
    ),
    case(
        "reveal_contact",
        lambda world, phone: RevealContact(
            id=phone.new_id(), customer_id=world["customer"], reason="客户来电"
        ),
        "head",
    ),
    case(
        "erase_customer",
        lambda world, phone: EraseCustomer(
            id=phone.new_id(), customer_id=world["customer"], reason=ErasureReason.ASKED
        ),
        "admin",
    ),
    case(
        "set_leave",
        lambda _world, phone: SetLeave(
            id=phone.new_id(),
            staff_id=POSTMAN.id,
            from_on=days_after(5),
            to_on=days_after(6),
        ),
        "head",
    ),
    case(
        "cover_round",
        lambda _world, phone: CoverRound(
            id=phone.new_id(),
            round_id=ROUND.id,
            staff_id=COLLEAGUE.id,
            from_on=days_after(5),
            to_on=days_after(6),
        ),
        "head",
    ),
    case("report_device_lost", lambda world, _phone: _device_of(world, "postman"), "head"),
    case("revoke_device", lambda world, _phone: _device_of(world, "postman"), "admin"),
    case(
        "approve_points",
        lambda world, _phone: ApprovePoints(ids=(world["pending"],)),
        "head",
    ),
    case(
        "reject_points",
        lambda world, _phone: RejectPoints(ids=(world["pending"],), reason="客户否认"),
        "head",
    ),
    case(
        "propose_reversal",
        lambda world, _phone: ReversePoints(id=world["approved"], reason="客户否认"),
        "head",
    ),
    case(
        "approve_reversal",
        lambda world, _phone: ApproveReversal(id=world["reversal"]),
        "admin",
    ),
    case(
        "attach_file",
        lambda world, phone: photo_of(world["routed"], phone.new_id()),
        *("postman", "manager", *OVERSEERS),
    ),
    case(
        "remove_attachment",
        lambda world, _phone: RemoveAttachment(id=world["photo"]),
        "postman",
    ),
)


def _device_of(world: World, name: str) -> NamedDevice:
    (device,) = (
        one for one in world.phones["head"].held(Device) if one.staff_id == PEOPLE[name].id
    )
    return NamedDevice(id=device.id)


def ask(county: RestoredCounty, person: str, asked: Case) -> tuple[str, str]:
    """Let *person* ask for the mutation; return state and reason."""
    phone = county.phone(person)
    result: dict[str, Any] = phone.attempt(asked.mutation, asked.args(county.world, phone))
    problem = result.get("problem") or {}
    return result["state"], str(problem.get("type", "")).removeprefix("/problems/")


def test_every_mutation_has_a_case() -> None:
    assert {one.mutation for one in CASES} == set(MUTATIONS)


@pytest.mark.parametrize("asked", CASES, ids=str)
def test_only_the_named_may(restored_county: RestoredCounty, asked: Case) -> None:
    answers = {}
    restored_county.begin_again()
    for person in sorted(PEOPLE, key=asked.allowed.__contains__):
        answers[person] = ask(restored_county, person, asked)
        if answers[person][0] == OpState.OK:  # A refusal changes nothing.
            restored_county.begin_again()
    states = {person: state for person, (state, _) in answers.items()}
    expected = {
        person: OpState.OK if person in asked.allowed else OpState.REJECTED for person in PEOPLE
    }
    assert states == expected, {
        person: answers[person] for person in PEOPLE if states[person] != expected[person]
    }
