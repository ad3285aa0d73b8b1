"""What waits on a branch head's desk, and who refers how much."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from enum import StrEnum

from shared.domain.moment import OUTLET_ZONE, ClockGrade
from shared.domain.people import Staff
from shared.domain.points import PointsEntry, PointsStatus
from shared.domain.referral import Referral, ReferralStatus
from shared.domain.rows import Rows

__all__ = [
    "ApprovalFlag",
    "ApprovalItem",
    "ReferralCount",
    "approval_item",
    "approval_queue",
    "held_referrals",
    "referral_counts",
    "to_verify",
    "unassigned_referrals",
]

FULL_SHARE_PERCENT = 100

_SUCCESSFUL = frozenset({ReferralStatus.SUCCEEDED, ReferralStatus.VERIFIED})
_NOT_COUNTED = frozenset({ReferralStatus.JOINED, ReferralStatus.WITHDRAWN, ReferralStatus.VOID})
_RUNNING = (
    frozenset(ReferralStatus)
    - _NOT_COUNTED
    - _SUCCESSFUL
    - {
        ReferralStatus.LOST,
        ReferralStatus.CARED_FOR,
    }
)


class ApprovalFlag(StrEnum):
    """Why an entry deserves a look of its own."""

    CLOCK = "clock"  # Grade C: the phone's clock was wrong.
    TWO_MONTHS = "two_months"  # The capture may lie in either of two months.
    OVER_CAP = "over_cap"
    SPLIT = "split"
    UNVERIFIED = "unverified"  # A success whose voucher nobody has seen yet.
    POSSIBLE_DUPLICATE = "possible_duplicate"
    REVERSAL = "reversal"
    OWN = "own"  # The reader's own: somebody else approves it.


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalItem:
    """A points entry that waits, and why it should be looked at; no flags: approve in bulk."""

    entry: PointsEntry
    flags: frozenset[ApprovalFlag]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReferralCount:
    """How somebody's referrals of a time fared; duplicates and withdrawn ones don't count."""

    staff: Staff
    referrals: int
    running: int
    succeeded: int

    @property
    def success_percent(self) -> int | None:
        """Successes in a hundred referrals that have ended or succeeded, rounded; None of none."""
        ended = self.referrals - self.running
        return None if ended == 0 else (200 * self.succeeded + ended) // (2 * ended)


def approval_item(rows: Rows, entry: PointsEntry, reader_id: str) -> ApprovalItem:
    """Return one entry, and why it should be looked at."""
    return ApprovalItem(entry=entry, flags=_flags_of(rows, entry, reader_id))


def approval_queue(rows: Rows, outlet_id: str, reader_id: str) -> list[ApprovalItem]:
    """Return the outlet's pending entries: those with flags first, then as they were earned."""
    items = [
        approval_item(rows, entry, reader_id)
        for entry in rows.where(PointsEntry, outlet_id=outlet_id, status=PointsStatus.PENDING)
    ]
    return sorted(items, key=lambda item: (not item.flags, item.entry.earned_from, item.entry.id))


def held_referrals(rows: Rows, outlet_id: str) -> list[Referral]:
    """Return the referrals held as possible duplicates, the oldest first."""
    return _in_status(rows, outlet_id, ReferralStatus.HELD)


def unassigned_referrals(rows: Rows, outlet_id: str) -> list[Referral]:
    """Return the referrals that found no wealth manager, the oldest first."""
    return _in_status(rows, outlet_id, ReferralStatus.UNASSIGNED)


def to_verify(rows: Rows, outlet_id: str) -> list[Referral]:
    """Return the successes whose voucher is still to be seen, the oldest first."""
    return _in_status(rows, outlet_id, ReferralStatus.SUCCEEDED)


def referral_counts(
    rows: Rows, outlet_id: str, from_on: dt.date | None = None, to_on: dt.date | None = None
) -> list[ReferralCount]:
    """Return, for each of the outlet's staff, how their referrals fared; most successes first.

    The days are the outlet's, both included, of the earliest provable capture.
    """
    since = None if from_on is None else _start_of(from_on)
    until = None if to_on is None else _start_of(to_on + dt.timedelta(days=1))
    by_person: dict[str, list[Referral]] = {}
    for referral in rows.where(Referral, outlet_id=outlet_id):
        at = referral.captured_from
        is_in_time = (since is None or at >= since) and (until is None or at < until)
        if is_in_time and referral.status not in _NOT_COUNTED:
            by_person.setdefault(referral.referrer_id, []).append(referral)
    counts = [
        _count_of(staff, by_person.get(staff.id, []))
        for staff in rows.where(Staff, outlet_id=outlet_id)
        if staff.active or staff.id in by_person
    ]
    return sorted(
        counts, key=lambda count: (-count.succeeded, -count.referrals, count.staff.number)
    )


def _flags_of(rows: Rows, entry: PointsEntry, reader_id: str) -> frozenset[ApprovalFlag]:
    flag = ApprovalFlag
    months = {_month_of(entry.earned_from), _month_of(entry.earned_to)}
    said = {
        flag.CLOCK: entry.clock_grade is ClockGrade.C,
        flag.TWO_MONTHS: len(months) > 1,
        flag.OVER_CAP: entry.over_cap > 0,
        flag.SPLIT: entry.share_percent != FULL_SHARE_PERCENT,
        flag.UNVERIFIED: not entry.evidence_verified,
        flag.POSSIBLE_DUPLICATE: _has_twin(rows, entry),
        flag.REVERSAL: entry.reverses_id is not None,
        flag.OWN: entry.payee_id == reader_id,
    }
    return frozenset(name for name, holds in said.items() if holds)


def _has_twin(rows: Rows, entry: PointsEntry) -> bool:
    """Tell whether another referral of the customer, for the same need, was held or joined."""
    if entry.evidence_table != Referral.TABLE:
        return False
    referral = rows.get(Referral, entry.evidence_id)
    if referral is None:
        return False
    twins = rows.where(Referral, customer_id=referral.customer_id, need=referral.need)
    return any(
        twin.id != referral.id and twin.status in (ReferralStatus.HELD, ReferralStatus.JOINED)
        for twin in twins
    )


def _in_status(rows: Rows, outlet_id: str, status: ReferralStatus) -> list[Referral]:
    waiting = rows.where(Referral, outlet_id=outlet_id, status=status)
    return sorted(waiting, key=lambda referral: (referral.captured_from, referral.id))


def _count_of(staff: Staff, referrals: list[Referral]) -> ReferralCount:
    return ReferralCount(
        staff=staff,
        referrals=len(referrals),
        running=sum(referral.status in _RUNNING for referral in referrals),
        succeeded=sum(referral.status in _SUCCESSFUL for referral in referrals),
    )


def _start_of(day: dt.date) -> dt.datetime:
    return dt.datetime.combine(day, dt.time(), OUTLET_ZONE)


def _month_of(instant: dt.datetime) -> str:
    return f"{instant.astimezone(OUTLET_ZONE):%Y-%m}"
