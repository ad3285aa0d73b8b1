from __future__ import annotations

import pytest

from shared.domain.people import Role, Staff
from shared.domain.referral import (
    AssignReferral,
    JoinReferral,
    NamedReferral,
    ReasonedReferral,
    Referral,
    ReferralStatus,
)
from tests.shared.domain.county import (
    ADMIN,
    BACKUP,
    COLLEAGUE,
    FAR_ADMIN,
    FAR_MANAGER,
    GONE,
    HEAD,
    MANAGER,
    NOW,
    OTHER_HEAD,
    OTHER_MANAGER,
    POSTMAN,
    REFERRAL,
    Memory,
    county,
    id_of,
    referral,
    refused,
    run,
    staff,
)

NAMED = NamedReferral(id=REFERRAL.id)
JOINED = JoinReferral(id=REFERRAL.id, assisted=True)
REASONED = ReasonedReferral(id=REFERRAL.id, reason="重复登记")
EARLIER_ID = id_of("earlier")


def held(**fields: object) -> Memory:
    return county(
        referral(ReferralStatus.HELD, held_for_id=EARLIER_ID, held_reason="phone", **fields),
        referral(ReferralStatus.ROUTED, id=EARLIER_ID, referrer_id=COLLEAGUE.id),
    )


def test_verify_referral_confirms_a_success() -> None:
    rows = county(referral(ReferralStatus.SUCCEEDED))
    run(rows, "verify_referral", NAMED, HEAD)
    assert rows.only(Referral).status is ReferralStatus.VERIFIED
    assert rows.only(Referral).verified_at == NOW


@pytest.mark.parametrize("part", ["referrer_id", "escort_id", "assist_id", "wealth_manager_id"])
def test_nobody_verifies_what_they_have_a_part_in(part: str) -> None:
    rows = county(referral(ReferralStatus.SUCCEEDED, **{part: HEAD.id}))
    with refused("own-points"):
        run(rows, "verify_referral", NAMED, HEAD)
    run(rows, "verify_referral", NAMED, ADMIN)
    assert rows.only(Referral).status is ReferralStatus.VERIFIED


def test_the_administrator_decides_only_where_the_branch_head_would_judge_their_own() -> None:
    rows = county(referral(ReferralStatus.SUCCEEDED))
    with refused("out-of-scope"):
        run(rows, "verify_referral", NAMED, ADMIN)
    rows.keep([referral(ReferralStatus.SUCCEEDED, referrer_id=HEAD.id)])
    with refused("out-of-scope"):
        run(rows, "verify_referral", NAMED, FAR_ADMIN)
    own = staff("two posts", Role.ADMINISTRATOR, Role.POSTMAN)
    rows.keep([own, referral(ReferralStatus.SUCCEEDED, referrer_id=own.id)])
    with refused("own-points"):
        run(rows, "verify_referral", NAMED, own)


@pytest.mark.parametrize(
    ("name", "args", "status"),
    [
        ("verify_referral", NAMED, ReferralStatus.SUCCEEDED),
        ("void_referral", REASONED, ReferralStatus.ROUTED),
        ("release_referral", NAMED, ReferralStatus.HELD),
        ("join_referral", JOINED, ReferralStatus.HELD),
        (
            "assign_referral",
            AssignReferral(id=REFERRAL.id, wealth_manager_id=BACKUP.id),
            ReferralStatus.UNASSIGNED,
        ),
    ],
)
def test_a_branch_head_decides_only_for_their_own_outlet(
    name: str, args: object, status: ReferralStatus
) -> None:
    rows = county(referral(status))
    with refused("out-of-scope"):
        run(rows, name, args, OTHER_HEAD)
    with refused("forbidden-action"):
        run(rows, name, args, MANAGER)
    run(rows, name, args, HEAD)


def test_void_referral_needs_a_reason_and_reaches_even_a_verified_one() -> None:
    rows = county(referral(ReferralStatus.VERIFIED))
    with refused("reason-missing"):
        run(rows, "void_referral", ReasonedReferral(id=REFERRAL.id, reason=""), HEAD)
    run(rows, "void_referral", REASONED, HEAD)
    assert rows.only(Referral).status is ReferralStatus.VOID
    assert rows.only(Referral).ended_reason == "重复登记"


def test_release_referral_forgets_what_it_was_held_for() -> None:
    rows = held()
    run(rows, "release_referral", NAMED, HEAD)
    lead = rows.get(Referral, REFERRAL.id)
    assert lead is not None
    assert (lead.status, lead.held_for_id, lead.held_reason) == (
        ReferralStatus.RECEIVED,
        None,
        None,
    )


@pytest.mark.parametrize(("assisted", "assist_id"), [(True, POSTMAN.id), (False, None)])
def test_join_referral_gives_the_later_one_an_assist_if_it_added_the_fact(
    *, assisted: bool, assist_id: str | None
) -> None:
    rows = held()
    run(rows, "join_referral", JoinReferral(id=REFERRAL.id, assisted=assisted), HEAD)
    joined = rows.get(Referral, REFERRAL.id)
    earlier = rows.get(Referral, EARLIER_ID)
    assert joined is not None
    assert joined.status is ReferralStatus.JOINED
    assert earlier is not None
    assert (earlier.status, earlier.assist_id) == (ReferralStatus.ROUTED, assist_id)


def test_nobody_assists_themselves() -> None:
    rows = held(referrer_id=COLLEAGUE.id)
    run(rows, "join_referral", JOINED, HEAD)
    earlier = rows.get(Referral, EARLIER_ID)
    assert earlier is not None
    assert earlier.assist_id is None


@pytest.mark.parametrize("name", ["release_referral", "join_referral"])
def test_a_branch_head_does_not_decide_about_their_own_duplicate(name: str) -> None:
    rows = held(referrer_id=HEAD.id)
    args = NAMED if name == "release_referral" else JOINED
    with refused("own-points"):
        run(rows, name, args, HEAD)
    run(rows, name, args, ADMIN)


def test_join_referral_is_refused_when_the_earlier_one_is_the_heads() -> None:
    rows = held()
    rows.keep([referral(ReferralStatus.ROUTED, id=EARLIER_ID, referrer_id=HEAD.id)])
    with refused("own-points"):
        run(rows, "join_referral", JOINED, HEAD)


@pytest.mark.parametrize(
    "status",
    [
        ReferralStatus.UNASSIGNED,
        ReferralStatus.ROUTED,
        ReferralStatus.ACCEPTED,
        ReferralStatus.VISIT_SET,
        ReferralStatus.MET,
    ],
)
def test_assign_referral_routes_it_anew(status: ReferralStatus) -> None:
    rows = county(referral(status, accepted_at=NOW, visit_id=id_of("visit"), due_at=NOW))
    run(rows, "assign_referral", AssignReferral(id=REFERRAL.id, wealth_manager_id=BACKUP.id), HEAD)
    lead = rows.only(Referral)
    assert (lead.status, lead.wealth_manager_id) == (ReferralStatus.ROUTED, BACKUP.id)
    assert (lead.accepted_at, lead.visit_id, lead.due_at) == (None, None, None)


def test_assign_referral_takes_a_manager_of_another_outlet_of_the_county() -> None:
    rows = county(referral(ReferralStatus.UNASSIGNED))
    chosen = AssignReferral(id=REFERRAL.id, wealth_manager_id=OTHER_MANAGER.id)
    run(rows, "assign_referral", chosen, HEAD)
    assert rows.only(Referral).wealth_manager_id == OTHER_MANAGER.id


@pytest.mark.parametrize("person", [POSTMAN, GONE, FAR_MANAGER], ids=lambda person: person.name)
def test_assign_referral_refuses_who_can_not_take_it(person: Staff) -> None:
    rows = county(referral(ReferralStatus.UNASSIGNED))
    with refused("colleague-unavailable", field="wealth_manager_id"):
        run(
            rows,
            "assign_referral",
            AssignReferral(id=REFERRAL.id, wealth_manager_id=person.id),
            HEAD,
        )


def test_assign_referral_refuses_the_referrer() -> None:
    rows = county(referral(ReferralStatus.UNASSIGNED, referrer_id=MANAGER.id))
    with refused("own-referral"):
        run(
            rows,
            "assign_referral",
            AssignReferral(id=REFERRAL.id, wealth_manager_id=MANAGER.id),
            HEAD,
        )
