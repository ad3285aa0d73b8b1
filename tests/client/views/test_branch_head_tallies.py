"""Who refers how much: counts, success rates and points, by person, post, village and month."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import Any

from client.strings import Language, Words
from client.views.branch_head.queue import refusal_of, sorted_queue
from client.views.branch_head.tallies import (
    Tally,
    by_month,
    by_person,
    by_post,
    by_village,
    points_of,
    span_of,
)
from client.views.labels import points_reason
from shared.domain.desk import ApprovalItem
from shared.domain.people import Role
from shared.domain.points import PointsStatus
from shared.domain.referral import ReferralStatus
from tests.client.views import desk_rows
from tests.client.views.desk_rows import (
    CHEN,
    EAST,
    HUANG,
    OUTLET,
    PEOPLE,
    TODAY,
    WEST,
    lead,
    row_id,
)
from tests.client.views.fake_field import NOW, FakeWorld

S = ReferralStatus
MONTH = (dt.date(2026, 11, 1), TODAY)


def world(*leads: list[Any]) -> FakeWorld:
    return FakeWorld([*PEOPLE, *(row for made in leads for row in made)])


THREE = (
    lead(row_id(501), S.VERIFIED, "甲", days_ago=2),
    lead(row_id(502), S.LOST, "乙", days_ago=3, village=WEST),
    lead(row_id(503), S.ROUTED, "丙", days_ago=4),
    lead(row_id(504), S.SUCCEEDED, "丁", days_ago=5, referrer_id=HUANG),
    lead(row_id(505), S.JOINED, "戊", days_ago=5),
    lead(row_id(506), S.VERIFIED, "己", days_ago=40),
)


def test_a_person_is_counted_without_duplicates_and_other_months() -> None:
    chen = next(one for one in by_person(world(*THREE), OUTLET, *MONTH) if one.key == CHEN)
    assert chen == Tally(key=CHEN, made=3, ended=2, won=1, post=Role.POSTMAN)


def test_posts_are_the_sums_of_their_people() -> None:
    posts = {one.key: one for one in by_post(by_person(world(*THREE), OUTLET, *MONTH))}
    assert (posts["back_office"].made, posts["back_office"].won) == (1, 1)
    assert (posts["postman"].made, posts["postman"].won) == (3, 1)


def test_villages_are_counted_by_where_the_customer_lives() -> None:
    villages = {one.key: one.made for one in by_village(world(*THREE), OUTLET, *MONTH)}
    assert villages == {EAST: 3, WEST: 1}


def test_months_are_counted_by_the_day_of_capture_oldest_first() -> None:
    months = by_month(world(*THREE), OUTLET, TODAY)
    assert [one.period for one in months][-2:] == ["2026-10", "2026-11"]
    assert [(one.made, one.won) for one in months][-2:] == [(1, 1), (4, 2)]
    assert len(months) == 6


def test_spans_end_with_their_month() -> None:
    assert span_of("last_month", TODAY) == (dt.date(2026, 10, 1), dt.date(2026, 10, 31))
    assert span_of("year", TODAY) == (dt.date(2026, 1, 1), TODAY)


def test_points_are_approved_or_pending_never_one_number() -> None:
    entries = [
        desk_rows.entry(1),
        replace(desk_rows.entry(2), status=PointsStatus.APPROVED, payee_id=CHEN),
        replace(desk_rows.entry(4), period="2026-09"),
    ]
    assert points_of(FakeWorld(entries), *MONTH) == {CHEN: (2, 2)}


def test_the_queue_parts_what_is_plain_what_is_special_and_what_is_somebody_elses() -> None:
    field = desk_rows.head_field()
    queue = sorted_queue(field.world, field.actor, NOW)
    assert (len(queue.special), len(queue.plain), len(queue.others)) == (5, 38, 1)
    assert queue.others[0][1] == "own-points"
    assert all(not item.flags for item in queue.plain)


def test_an_entry_that_the_branch_head_caused_is_not_theirs_to_approve() -> None:
    field = desk_rows.head_field()
    made = replace(desk_rows.entry(7), maker_id=desk_rows.HEAD)
    field.world.put(made)
    item = ApprovalItem(entry=made, flags=frozenset())
    assert refusal_of(field.world, item, field.actor, NOW) == "own-points"


def test_reason_of_the_servers_own_is_said_in_words() -> None:
    words = Words(Language.CHINESE)
    assert points_reason("joined", words) == "并入了先前的线索，份额重新算"
    assert points_reason("情况不属实", words) == "情况不属实"
