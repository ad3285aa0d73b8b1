"""Shares are whole points that sum to the whole, and who referred never gets less than half."""

from __future__ import annotations

from dataclasses import replace
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.credit import Contribution, Helper, contributions, split
from shared.domain.points import ShareRole
from shared.domain.policy import DEFAULT_POLICY
from tests.shared.domain.county import COLLEAGUE, LOBBY, POSTMAN, TELLER

ESCORT = Helper(staff_id=LOBBY.id, role=ShareRole.ESCORT, percent=30)
ASSIST = Helper(staff_id=COLLEAGUE.id, role=ShareRole.ASSIST, percent=20)
ORIGINATOR = Helper(staff_id=TELLER.id, role=ShareRole.CARE_ORIGINATOR, percent=50)

people = st.sampled_from([POSTMAN.id, COLLEAGUE.id, LOBBY.id, TELLER.id])
helpers = st.lists(
    st.builds(
        Helper,
        staff_id=people,
        role=st.sampled_from([ShareRole.ESCORT, ShareRole.ASSIST, ShareRole.CARE_ORIGINATOR]),
        percent=st.integers(0, 100),
    ),
    max_size=5,
)
referrers = st.lists(people, min_size=1, max_size=2)
limits = st.integers(0, 50)


def points_by_person(
    points: int, *helping: Helper, referrers: tuple[str, ...] = (POSTMAN.id,)
) -> dict[str, int]:
    parts = contributions(referrers, helping, DEFAULT_POLICY)
    return {share.staff_id: share.points for share in split(points, parts)}


def test_referrer_alone_gets_everything() -> None:
    assert points_by_person(7) == {POSTMAN.id: 7}


@pytest.mark.parametrize(
    ("points", "referrer", "escort"), [(2, 1, 1), (7, 5, 2), (15, 11, 4), (1, 1, 0), (0, 0, 0)]
)
def test_escort_gets_three_tenths(points: int, referrer: int, escort: int) -> None:
    assert points_by_person(points, ESCORT) == {POSTMAN.id: referrer, LOBBY.id: escort}


def test_helpers_who_would_take_more_than_half_share_half() -> None:
    parts = contributions([POSTMAN.id], [ESCORT, ASSIST, ORIGINATOR], DEFAULT_POLICY)
    assert [(part.staff_id, part.percent) for part in parts] == [
        (POSTMAN.id, 50),
        (TELLER.id, 25),
        (LOBBY.id, 15),
        (COLLEAGUE.id, 10),
    ]


def test_odd_point_of_halves_goes_to_the_referrer() -> None:
    assert points_by_person(7, ORIGINATOR) == {POSTMAN.id: 4, TELLER.id: 3}


def test_overlapping_referrers_share_what_helpers_leave() -> None:
    shared = points_by_person(7, ESCORT, referrers=(POSTMAN.id, COLLEAGUE.id))
    assert shared == {POSTMAN.id: 3, COLLEAGUE.id: 2, LOBBY.id: 2}


def test_three_whose_proofs_overlap_have_a_third_each() -> None:
    three = (POSTMAN.id, COLLEAGUE.id, TELLER.id)
    assert points_by_person(15, referrers=three) == dict.fromkeys(three, 5)


def test_overlapping_proofs_weigh_what_the_policy_says() -> None:
    policy = replace(DEFAULT_POLICY, overlap_percent=30)
    parts = contributions([POSTMAN.id, COLLEAGUE.id], (), policy)
    assert [part.percent for part in parts] == [70, 30]


def test_who_referred_and_escorted_counts_once_as_referrer() -> None:
    own_escort = replace(ESCORT, staff_id=POSTMAN.id)
    assert points_by_person(7, own_escort) == {POSTMAN.id: 7}


def test_who_helped_twice_gets_the_better_rate_only() -> None:
    parts = contributions([POSTMAN.id], [ASSIST, replace(ESCORT, staff_id=COLLEAGUE.id)],
                          DEFAULT_POLICY)  # fmt: skip
    assert parts[1:] == (Contribution(staff_id=COLLEAGUE.id, role=ShareRole.ESCORT, percent=30),)


def test_helper_at_no_rate_has_no_part() -> None:
    assert len(contributions([POSTMAN.id], [replace(ESCORT, percent=0)], DEFAULT_POLICY)) == 1


@given(points=st.integers(0, 1_000), referrers=referrers, helpers=helpers, limit=limits)
def test_shares_sum_to_the_whole_and_helpers_never_pass_half(
    points: int, referrers: list[str], helpers: list[Helper], limit: int
) -> None:
    policy = replace(DEFAULT_POLICY, helpers_percent_max=limit)
    parts = contributions(referrers, helpers, policy)
    shares = split(points, parts)
    assert sum(part.percent for part in parts) == 100
    assert sum(share.points for share in shares) == points
    assert all(share.points >= 0 for share in shares)
    helped = sum(share.points for share in shares if share.role is not ShareRole.REFERRER)
    assert 2 * helped <= points
    assert len({share.staff_id for share in shares}) == len(shares)


@given(points=st.integers(0, 100), referrers=referrers, helpers=helpers, random=st.randoms())
def test_split_is_the_same_in_any_order_of_helpers(
    points: int, referrers: list[str], helpers: list[Helper], random: Random
) -> None:
    shuffled = list(helpers)
    random.shuffle(shuffled)
    straight = split(points, contributions(referrers, helpers, DEFAULT_POLICY))
    assert straight == split(points, contributions(referrers, shuffled, DEFAULT_POLICY))
