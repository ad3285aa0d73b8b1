"""Counting referrals: by person, by post, by village, by month; and the points of a time."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from shared.domain.desk import ReferralCount, referral_counts
from shared.domain.moment import day_at_outlet
from shared.domain.people import Role
from shared.domain.points import PointsEntry, PointsStatus
from shared.domain.referral import OPEN_STATUSES, Referral, ReferralStatus
from shared.domain.rows import Rows

__all__ = [
    "MonthCount",
    "Tally",
    "by_month",
    "by_person",
    "by_post",
    "by_village",
    "points_of",
    "span_of",
]

MONTHS_SHOWN = 6

_WON = frozenset({ReferralStatus.SUCCEEDED, ReferralStatus.VERIFIED})
_NOT_COUNTED = frozenset({ReferralStatus.JOINED, ReferralStatus.WITHDRAWN, ReferralStatus.VOID})
_APPROVED = frozenset({PointsStatus.APPROVED, PointsStatus.SETTLED, PointsStatus.PAID})


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """How the referrals of a person, a post or a village fared; `ended` includes the successes."""

    key: str
    made: int
    ended: int
    won: int
    post: Role | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MonthCount:
    """The referrals captured in a month, and those of them that succeeded since."""

    period: str
    made: int
    won: int


def span_of(name: str, today: dt.date) -> tuple[dt.date, dt.date]:
    """Return the first and the last day of this month, of the last one, or of the year so far."""
    first = today.replace(day=1)
    if name == "last_month":
        last = first - dt.timedelta(days=1)
        return last.replace(day=1), last
    if name == "year":
        return today.replace(month=1, day=1), today
    return first, today


def by_person(rows: Rows, outlet_id: str, first: dt.date, last: dt.date) -> list[Tally]:
    """Return each colleague's tally, most successes first."""
    return [_of_person(one) for one in referral_counts(rows, outlet_id, first, last)]


def by_post(people: Sequence[Tally]) -> list[Tally]:
    """Return each post's tally: the back office refers seldom, but well (S24)."""
    posts: dict[Role, list[Tally]] = {}
    for one in people:
        if one.post is not None:
            posts.setdefault(one.post, []).append(one)
    tallies = [
        Tally(
            key=post.value,
            made=sum(one.made for one in members),
            ended=sum(one.ended for one in members),
            won=sum(one.won for one in members),
        )
        for post, members in posts.items()
    ]
    return _most_successful(tallies)


def by_village(rows: Rows, outlet_id: str, first: dt.date, last: dt.date) -> list[Tally]:
    """Return each village's tally; referrals without a village stand under an empty key."""
    villages: dict[str, list[Referral]] = {}
    for lead in _counted(rows, outlet_id):
        if first <= day_at_outlet(lead.captured_from) <= last:
            villages.setdefault(lead.village_id or "", []).append(lead)
    return _most_successful([_of_leads(key, leads) for key, leads in villages.items()])


def by_month(rows: Rows, outlet_id: str, today: dt.date) -> list[MonthCount]:
    """Return the last months, oldest first, the running one at the end."""
    periods = []
    first = today.replace(day=1)
    for _ in range(MONTHS_SHOWN):
        periods.append(f"{first:%Y-%m}")
        first = (first - dt.timedelta(days=1)).replace(day=1)
    months: dict[str, list[Referral]] = {period: [] for period in reversed(periods)}
    for lead in _counted(rows, outlet_id):
        period = f"{day_at_outlet(lead.captured_from):%Y-%m}"
        if period in months:
            months[period].append(lead)
    return [
        MonthCount(period=period, made=len(leads), won=sum(lead.status in _WON for lead in leads))
        for period, leads in months.items()
    ]


def points_of(rows: Rows, first: dt.date, last: dt.date) -> dict[str, tuple[int, int]]:
    """Return everybody's points of the months in that time: approved, and waiting."""
    sums: dict[str, tuple[int, int]] = {}
    for entry in rows.where(PointsEntry):
        if not f"{first:%Y-%m}" <= entry.period <= f"{last:%Y-%m}":
            continue
        approved, pending = sums.get(entry.payee_id, (0, 0))
        if entry.status in _APPROVED:
            approved += entry.points
        elif entry.status is PointsStatus.PENDING:
            pending += entry.points
        sums[entry.payee_id] = (approved, pending)
    return sums


def _of_person(one: ReferralCount) -> Tally:
    return Tally(
        key=one.staff.id,
        made=one.referrals,
        ended=one.referrals - one.running,
        won=one.succeeded,
        post=one.staff.roles[0] if one.staff.roles else None,
    )


def _of_leads(key: str, leads: Sequence[Referral]) -> Tally:
    return Tally(
        key=key,
        made=len(leads),
        ended=sum(lead.status not in OPEN_STATUSES for lead in leads),
        won=sum(lead.status in _WON for lead in leads),
    )


def _counted(rows: Rows, outlet_id: str) -> list[Referral]:
    return [
        lead
        for lead in rows.where(Referral, outlet_id=outlet_id)
        if lead.status not in _NOT_COUNTED
    ]


def _most_successful(tallies: list[Tally]) -> list[Tally]:
    return sorted(tallies, key=lambda one: (-one.won, -one.made, one.key))
