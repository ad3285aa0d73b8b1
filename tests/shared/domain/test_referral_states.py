from __future__ import annotations

from itertools import product

import pytest

from shared.domain.people import Role
from shared.domain.referral import (
    OPEN_STATUSES,
    TRANSITIONS,
    ReferralAction,
    ReferralStatus,
    advance,
)
from shared.domain.refusals import FORBIDDEN_ACTION, ILLEGAL_TRANSITION, RefusedError
from tests.shared.domain.county import actor_as, referral

LEGAL = {
    (status, action, role)
    for (status, action), (roles, _) in TRANSITIONS.items()
    for role in roles or {None}
}
MOVES = set(product(ReferralStatus, ReferralAction, [*Role, None]))


@pytest.mark.parametrize("status", ReferralStatus)
def test_advance_refuses_every_move_not_in_the_table(status: ReferralStatus) -> None:
    for move in (move for move in MOVES - LEGAL if move[0] is status):
        _, action, role = move
        with pytest.raises(RefusedError) as caught:
            advance(referral(status), action, None if role is None else actor_as(role))
        in_table = (status, action) in TRANSITIONS
        assert caught.value.slug == (FORBIDDEN_ACTION if in_table else ILLEGAL_TRANSITION), move
        assert caught.value.facts["action"] == action


@pytest.mark.parametrize("move", sorted(LEGAL, key=str), ids=str)
def test_advance_makes_every_move_of_the_table(
    move: tuple[ReferralStatus, ReferralAction, Role | None],
) -> None:
    status, action, role = move
    after = advance(referral(status), action, None if role is None else actor_as(role))
    assert after is TRANSITIONS[status, action][1]


def test_every_open_referral_can_go_to_a_care_card_or_be_void() -> None:
    for status in OPEN_STATUSES:
        head = actor_as(Role.BRANCH_HEAD)
        assert advance(referral(status), ReferralAction.VOID, head) is ReferralStatus.VOID
        cared = advance(referral(status), ReferralAction.CARE, actor_as(Role.LOBBY_MANAGER))
        assert cared is ReferralStatus.CARED_FOR


def test_what_has_ended_is_never_taken_up_again_but_a_care_card_opened_by_mistake() -> None:
    ended = (
        set(ReferralStatus)
        - OPEN_STATUSES
        - {
            ReferralStatus.CAPTURED,
            ReferralStatus.SUCCEEDED,
            ReferralStatus.VERIFIED,
        }
    )
    leaving = {(status, action) for status, action in TRANSITIONS if status in ended}
    assert leaving == {(ReferralStatus.CARED_FOR, ReferralAction.RESUME)}


def test_only_wealth_managers_record_sales() -> None:
    for action in (ReferralAction.MEET, ReferralAction.SUCCEED, ReferralAction.LOSE):
        for (_, taken), (roles, _) in TRANSITIONS.items():
            if taken is action:
                assert roles == {Role.WEALTH_MANAGER}


def test_a_referral_is_complete_with_all_three_parts() -> None:
    staff_id = referral(ReferralStatus.ROUTED).referrer_id
    parts = {"customer_part_id": staff_id, "information_part_id": staff_id}
    assert not referral(ReferralStatus.MET, **parts).is_complete
    assert referral(ReferralStatus.MET, **parts, trust_part_id=staff_id).is_complete
