"""Four eyes on every point: who profits or caused it never checks it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from itertools import product
from typing import Any

import pytest

from shared.domain.moment import ClockGrade, Moment
from shared.domain.mutation import Mutation
from shared.domain.people import Role, Staff
from shared.domain.points import (
    ApprovePoints,
    ApproveReversal,
    AwardKind,
    PointsAction,
    PointsEntry,
    PointsStatus,
    RejectPoints,
    ReversePoints,
    ShareRole,
)
from shared.domain.points_changes import (
    MUTATIONS,
    SERVER,
    TRANSITIONS,
    advance_entry,
    approve_points,
    approve_reversal,
    propose_reversal,
    reject_points,
    reversal_of,
)
from shared.domain.refusals import RefusedError
from tests.shared.domain.county import (
    ADMIN,
    COLLEAGUE,
    FAR_ADMIN,
    HEAD,
    MANAGER,
    MOMENT,
    NOW,
    OTHER_HEAD,
    OUTLET,
    POSTMAN,
    Memory,
    actor,
    actor_as,
    county,
    id_of,
)

ENTRY = PointsEntry(
    id=id_of("entry"),
    outlet_id=OUTLET.id,
    award="referral:X:met",
    award_revision=0,
    kind=AwardKind.MET,
    payee_id=POSTMAN.id,
    share_role=ShareRole.REFERRER,
    share_percent=100,
    award_points=2,
    points=2,
    over_cap=0,
    policy_version="2026-1",
    evidence_table="referral",
    evidence_id=id_of("referral"),
    clock_grade=ClockGrade.A,
    earned_from=NOW,
    earned_to=NOW,
    period="2026-05",
    status=PointsStatus.PENDING,
    maker_id=MANAGER.id,
)
APPROVED = replace(ENTRY, status=PointsStatus.APPROVED, decided_by_id=HEAD.id, decided_at=NOW)
REVERSAL = replace(
    ENTRY,
    id=id_of("reversal"),
    award_revision=1,
    award_points=-2,
    points=-2,
    maker_id=HEAD.id,
    reason="重复",
    reverses_id=ENTRY.id,
)

LEGAL = {
    (status, action, role)
    for (status, action), (roles, _) in TRANSITIONS.items()
    for role in (roles or {None})
}
MOVES = sorted(set(product(PointsStatus, PointsAction, [None, *Role])) - LEGAL, key=repr)


@pytest.mark.parametrize("move", MOVES, ids=str)
def test_advance_refuses_every_move_not_in_the_table(move: Any) -> None:
    status, action, role = move
    with pytest.raises(RefusedError):
        advance_entry(replace(ENTRY, status=status), action, role and actor_as(role))


@pytest.mark.parametrize("move", sorted(LEGAL, key=repr), ids=str)
def test_advance_makes_every_move_in_the_table(move: Any) -> None:
    status, action, role = move
    after = advance_entry(replace(ENTRY, status=status), action, role and actor_as(role))
    assert after is TRANSITIONS[status, action][1]


def test_server_alone_cancels_settles_and_pays() -> None:
    alone = {action for (_, action), (roles, _) in TRANSITIONS.items() if roles is SERVER}
    assert alone == {PointsAction.CANCEL, PointsAction.SETTLE, PointsAction.PAY}


def approve(rows: Memory, person: Staff = HEAD, *ids: str) -> Sequence[PointsEntry]:
    return approve_points(rows, ApprovePoints(ids=ids or (ENTRY.id,)), actor(person), MOMENT)


def refused(slug: str) -> AbstractContextManager[object]:
    return pytest.raises(RefusedError, match=slug)


def test_branch_head_approves_an_entry_of_the_outlet() -> None:
    (approved,) = approve(county(ENTRY))
    assert (approved.status, approved.decided_by_id, approved.decided_at) == (
        PointsStatus.APPROVED,
        HEAD.id,
        NOW,
    )


def test_page_of_entries_is_approved_whole() -> None:
    more = replace(ENTRY, id=id_of("more"))
    assert len(approve(county(ENTRY, more), HEAD, ENTRY.id, more.id)) == 2


@pytest.mark.parametrize("ids", [(), (ENTRY.id, ENTRY.id)], ids=["nothing", "one twice"])
def test_page_without_entries_or_with_one_twice_is_refused(ids: tuple[str, ...]) -> None:
    with refused("invalid-argument"):
        approve_points(county(ENTRY), ApprovePoints(ids=ids), actor(HEAD), MOMENT)


def test_unknown_entry_is_refused() -> None:
    with refused("missing-object"):
        approve(county())


def test_success_waits_for_its_voucher_to_be_seen() -> None:
    with refused("not-verified"):
        approve(county(replace(ENTRY, evidence_verified=False)))


def test_reversal_is_not_approved_among_awards() -> None:
    with refused("invalid-argument"):
        approve(county(APPROVED, REVERSAL), ADMIN, REVERSAL.id)


@pytest.mark.parametrize("fields", [{"payee_id": HEAD.id}, {"maker_id": HEAD.id}])
def test_nobody_approves_what_they_profit_from_or_caused(fields: dict[str, Any]) -> None:
    with refused("own-points"):
        approve(county(replace(ENTRY, **fields)))


@pytest.mark.parametrize("fields", [{"payee_id": HEAD.id}, {"maker_id": HEAD.id}])
def test_administrator_approves_what_the_branch_head_may_not(fields: dict[str, Any]) -> None:
    assert approve(county(replace(ENTRY, **fields)), ADMIN)


@pytest.mark.parametrize("person", [OTHER_HEAD, ADMIN], ids=["other outlet", "administrator"])
def test_who_has_no_say_over_an_entry_is_refused(person: Staff) -> None:
    with refused("forbidden-action"):
        approve(county(ENTRY), person)


def test_deputy_does_not_approve_the_points_of_another_branch_head() -> None:
    deputy = replace(COLLEAGUE, roles=(Role.BRANCH_HEAD,))
    with refused("forbidden-action"):
        approve(county(deputy, replace(ENTRY, payee_id=HEAD.id)), deputy)


def test_deputy_approves_what_the_branch_head_caused() -> None:
    deputy = replace(COLLEAGUE, roles=(Role.BRANCH_HEAD,))
    assert approve(county(deputy, replace(ENTRY, maker_id=HEAD.id)), deputy)


def test_administrator_of_another_county_is_refused() -> None:
    with refused("forbidden-action"):
        approve(county(replace(ENTRY, payee_id=HEAD.id)), FAR_ADMIN)


def test_award_that_stands_in_an_earlier_revision_is_not_approved_again() -> None:
    again = replace(ENTRY, id=id_of("again"), award_revision=2, payee_id=COLLEAGUE.id)
    with refused("award-stands"):
        approve(county(APPROVED, again), HEAD, again.id)
    taken_back = replace(APPROVED, status=PointsStatus.REVERSED)
    assert approve(county(taken_back, again), HEAD, again.id)


def test_second_share_of_one_award_is_approved_beside_the_first() -> None:
    share = replace(ENTRY, id=id_of("share"), payee_id=COLLEAGUE.id)
    assert approve(county(APPROVED, share), HEAD, share.id)


def reject(
    rows: Memory, person: Staff = HEAD, reason: str = "不实", entry_id: str = ENTRY.id
) -> Sequence[PointsEntry]:
    args = RejectPoints(ids=(entry_id,), reason=reason)
    return reject_points(rows, args, actor(person), MOMENT)


def test_rejection_keeps_its_reason() -> None:
    (rejected,) = reject(county(ENTRY))
    assert (rejected.status, rejected.reason) == (PointsStatus.REJECTED, "不实")


def test_rejection_without_a_reason_is_refused() -> None:
    with refused("reason-missing"):
        reject(county(ENTRY), reason="  ")


def test_administrator_rejects_a_proposed_reversal() -> None:
    (rejected,) = reject(county(APPROVED, REVERSAL), ADMIN, entry_id=REVERSAL.id)
    assert rejected.status is PointsStatus.REJECTED


def test_branch_head_does_not_reject_a_reversal() -> None:
    deputy = replace(COLLEAGUE, roles=(Role.BRANCH_HEAD,))
    with refused("forbidden-action"):
        reject(county(deputy, APPROVED, REVERSAL), deputy, entry_id=REVERSAL.id)


def propose(rows: Memory, person: Staff = HEAD, reason: str = "重复") -> PointsEntry:
    args = ReversePoints(id=ENTRY.id, reason=reason)
    (reversal,) = propose_reversal(rows, args, actor(person), MOMENT)
    assert isinstance(reversal, PointsEntry)
    return reversal


def test_reversal_takes_back_the_same_points_in_the_month_of_now() -> None:
    june = Moment.at(dt.datetime(2026, 6, 1, tzinfo=dt.UTC))
    args = ReversePoints(id=ENTRY.id, reason="重复")
    (reversal,) = propose_reversal(county(APPROVED), args, actor(HEAD), june)
    assert isinstance(reversal, PointsEntry)
    assert (reversal.points, reversal.award_revision, reversal.period) == (-2, 1, "2026-06")
    assert (reversal.reverses_id, reversal.maker_id) == (ENTRY.id, HEAD.id)
    assert (reversal.status, reversal.decided_by_id) == (PointsStatus.PENDING, None)


def test_reversal_without_a_reason_is_refused() -> None:
    with refused("reason-missing"):
        propose(county(APPROVED), reason=" ")


def test_reversal_of_another_outlets_entry_is_refused() -> None:
    with refused("forbidden-action"):
        propose(county(APPROVED), OTHER_HEAD)


def test_nobody_proposes_to_reverse_their_own_points() -> None:
    with refused("own-points"):
        propose(county(replace(APPROVED, payee_id=HEAD.id)))


@pytest.mark.parametrize(
    "rows",
    [(ENTRY,), (APPROVED, REVERSAL), (replace(APPROVED, status=PointsStatus.REVERSED),)],
    ids=["pending", "proposed already", "reversed already"],
)
def test_what_was_not_approved_or_is_being_taken_back_is_not_reversed(
    rows: tuple[PointsEntry, ...],
) -> None:
    with refused("illegal-transition"):
        propose(county(*rows))


def test_rejected_reversal_can_be_proposed_again() -> None:
    rows = county(APPROVED)
    first = propose(rows)
    rows.keep([replace(first, status=PointsStatus.REJECTED)])
    second = propose(rows)
    assert second.id != first.id


def test_reversal_itself_is_not_reversed() -> None:
    approved = replace(REVERSAL, status=PointsStatus.APPROVED)
    reversal = reversal_of(county(approved), approved, maker_id=HEAD.id, reason="x", moment=MOMENT)
    assert reversal is None


@pytest.mark.parametrize("status", [PointsStatus.APPROVED, PointsStatus.SETTLED, PointsStatus.PAID])
def test_administrator_approves_a_reversal(status: PointsStatus) -> None:
    rows = county(replace(APPROVED, status=status), REVERSAL)
    target, reversal = approve_reversal(rows, ApproveReversal(id=REVERSAL.id), actor(ADMIN), MOMENT)
    assert isinstance(target, PointsEntry)
    assert isinstance(reversal, PointsEntry)
    assert target.status is PointsStatus.REVERSED
    assert (reversal.status, reversal.decided_by_id, reversal.reason) == (
        PointsStatus.APPROVED,
        ADMIN.id,
        "重复",
    )


def test_who_proposed_a_reversal_does_not_approve_it() -> None:
    both = replace(ADMIN, roles=(Role.ADMINISTRATOR, Role.BRANCH_HEAD))
    rows = county(both, APPROVED, replace(REVERSAL, maker_id=both.id))
    with refused("own-points"):
        approve_reversal(rows, ApproveReversal(id=REVERSAL.id), actor(both), MOMENT)


def test_award_is_not_approved_as_a_reversal() -> None:
    with refused("invalid-argument"):
        approve_reversal(county(ENTRY), ApproveReversal(id=ENTRY.id), actor(ADMIN), MOMENT)


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda mutation: mutation.name)
def test_every_decision_about_points_is_about_what_its_author_saw(mutation: Mutation) -> None:
    assert mutation.current_only
