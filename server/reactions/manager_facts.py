"""What the database says of wealth managers on a day: capacity, qualification, load, visits.

Of a batch's hundred leads most ask the same; what was found is kept until something changes it.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from server.models.people import LeaveModel
from server.models.referral import ReferralModel
from server.models.routing import RouteTraceModel
from server.models.visit import VisitModel
from server.mutations.transaction import Transaction
from shared.domain.people import Leave, Qualification, Staff, WealthManagerProfile
from shared.domain.policy import Policy
from shared.domain.referral import Need, Referral, ReferralStatus
from shared.domain.routing import Candidate, RouteTrace
from shared.domain.rows import Row
from shared.domain.visit import Visit, VisitStatus

__all__ = [
    "ManagerFacts",
    "assigned_of",
    "leaves_today",
    "open_leads_of",
    "profiles_of",
    "qualified_of",
    "visits_of",
]

_HOLDING = frozenset(
    {
        *(ReferralStatus.ROUTED, ReferralStatus.ACCEPTED, ReferralStatus.HANDED_OVER),
        *(ReferralStatus.VISIT_SET, ReferralStatus.MET),
    }
)
_VISITING = (VisitStatus.SCHEDULED, VisitStatus.UNDER_WAY)

# Made once: putting a small query together takes longer than answering it.
_IDS: sa.BindParameter[Any] = sa.bindparam("ids", expanding=True)
_LEAVES = sa.select(LeaveModel.id).where(
    LeaveModel.county_id == sa.bindparam("of_county"),
    LeaveModel.from_on <= sa.bindparam("today"),
    LeaveModel.to_on >= sa.bindparam("today"),
    LeaveModel.cancelled.is_(False),
)
_VISITS = sa.select(VisitModel.wealth_manager_id, VisitModel.village_id).where(
    VisitModel.wealth_manager_id.in_(_IDS),
    VisitModel.planned_on == sa.bindparam("day"),
    VisitModel.status.in_(_VISITING),
)
_OPEN_LEADS = (
    sa.select(ReferralModel.wealth_manager_id, sa.func.count())
    .where(ReferralModel.wealth_manager_id.in_(_IDS), ReferralModel.status.in_(sorted(_HOLDING)))
    .group_by(ReferralModel.wealth_manager_id)
)
_ASSIGNED = (
    sa.select(RouteTraceModel.chosen_id, sa.func.count(sa.distinct(RouteTraceModel.referral_id)))
    .where(RouteTraceModel.chosen_id.in_(_IDS), RouteTraceModel.at > sa.bindparam("since"))
    .group_by(RouteTraceModel.chosen_id)
)

# Of somebody whose profile nobody has filled in yet.
_LEADS_MAX = 30
_VISITS_MAX = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class ManagerFacts:
    """What the database says of some wealth managers, by staff id, and the lead's village."""

    profiles: Mapping[str, WealthManagerProfile]
    leaves: Mapping[str, Leave]
    qualified_ids: frozenset[str]
    open_leads: Mapping[str, int]
    assigned: Mapping[str, int]
    visits: Sequence[tuple[str, str | None]]
    village_id: str | None

    def candidate(self, person: Staff) -> Candidate:
        """Return *person* as routing sees them."""
        profile = self.profiles.get(person.id)
        leave = self.leaves.get(person.id)
        backup_id = person.backup_id if leave is None else leave.backup_id or person.backup_id
        return Candidate(
            id=person.id,
            active=person.active,
            on_leave=leave is not None,
            qualified=person.id in self.qualified_ids,
            backup_id=backup_id,
            specialties=frozenset(profile.specialties if profile else ()),
            dialects=frozenset(profile.dialects if profile else ()),
            open_leads=self.open_leads[person.id],
            leads_max=profile.leads_max if profile else _LEADS_MAX,
            visits=sum(manager_id == person.id for manager_id, _ in self.visits),
            visits_max=profile.visits_per_day_max if profile else _VISITS_MAX,
            assigned=self.assigned[person.id],
            visits_village=self.village_id is not None
            and (person.id, self.village_id) in self.visits,
        )


def leaves_today(tx: Transaction) -> Mapping[str, Leave]:
    """Return who of the county is away today."""
    today = tx.moment.today

    def find() -> dict[str, Leave]:
        given = {"of_county": tx.county_id, "today": today}
        ids = tx.session.execute(_LEAVES, given).scalars().all()
        return {leave.staff_id: leave for leave in tx.rows.where_in(Leave, "id", ids)}

    return tx.rows.remembered(("leaves", today), [Leave], find)


def profiles_of(tx: Transaction, ids: tuple[str, ...]) -> Mapping[str, WealthManagerProfile]:
    """Return what is known of each: capacity, specialties, dialects."""

    def find() -> dict[str, WealthManagerProfile]:
        found = tx.rows.where_in(WealthManagerProfile, "staff_id", ids)
        return {profile.staff_id: profile for profile in found}

    return tx.rows.remembered(("profiles", ids), [WealthManagerProfile], find)


def qualified_of(tx: Transaction, ids: tuple[str, ...], need: Need) -> frozenset[str]:
    """Return who may advise on *need* today."""
    today = tx.moment.today

    def find() -> frozenset[str]:
        return frozenset(
            permission.staff_id
            for permission in tx.rows.where_in(Qualification, "staff_id", ids)
            if permission.need == need.value and permission.expires_on >= today
        )

    return tx.rows.remembered(("qualified", ids, need, today), [Qualification], find)


def visits_of(
    tx: Transaction, ids: tuple[str, ...], on: dt.date
) -> Sequence[tuple[str, str | None]]:
    """Return whose visits of that day go to which village."""

    def find() -> list[tuple[str, str | None]]:
        found = tx.session.execute(_VISITS, {"ids": ids, "day": on})
        return [(row[0], row[1]) for row in found]

    return tx.rows.remembered(("visits", ids, on), [Visit], find)


def open_leads_of(tx: Transaction, ids: Iterable[str], referral: Referral) -> Mapping[str, int]:
    """Count the leads that each holds, this one apart."""
    tally = tx.rows.remembered("open leads", [], lambda: _OpenLeads(tx))
    held = tally.of(ids)
    holder_id = _holder_of(tx.rows.get(Referral, referral.id))
    return held if holder_id not in held else held | {holder_id: held[holder_id] - 1}


def assigned_of(tx: Transaction, ids: Iterable[str], policy: Policy) -> Mapping[str, int]:
    """Count the leads that each was given in the fairness window, kept or not."""
    since = tx.moment.now - dt.timedelta(days=policy.fairness_days)
    return tx.rows.remembered(("assigned", since), [], lambda: _Assigned(tx, since)).of(ids)


class _Tally:
    """Counts by staff id: asked of the database once, then kept true as rows change."""

    def __init__(self, tx: Transaction) -> None:
        self._rows = tx.rows
        self._session = tx.session
        self._counts: dict[str, int] = {}

    def of(self, ids: Iterable[str]) -> dict[str, int]:
        """Return the counts of each of *ids*."""
        asked = list(ids)
        unknown = [staff_id for staff_id in asked if staff_id not in self._counts]
        if unknown:
            self._counts |= dict.fromkeys(unknown, 0)
            self._counts |= {row[0]: row[1] for row in self._ask(unknown) if row[0] is not None}
        return {staff_id: self._counts[staff_id] for staff_id in asked}

    def _ask(self, ids: Sequence[str]) -> Iterable[Any]:
        raise NotImplementedError

    def _add(self, staff_id: str | None, count: int) -> None:
        if staff_id in self._counts:
            self._counts[staff_id] += count


class _OpenLeads(_Tally):
    def __init__(self, tx: Transaction) -> None:
        super().__init__(tx)
        self._rows.watch(Referral, self._notice)

    def _ask(self, ids: Sequence[str]) -> Iterable[Any]:
        return self._session.execute(_OPEN_LEADS, {"ids": ids})

    def _notice(self, before: Row | None, after: Row) -> None:
        self._add(_holder_of(before), -1)
        self._add(_holder_of(after), 1)


class _Assigned(_Tally):
    def __init__(self, tx: Transaction, since: dt.datetime) -> None:
        super().__init__(tx)
        self._since = since
        self._rows.watch(RouteTrace, self._notice)

    def _ask(self, ids: Sequence[str]) -> Iterable[Any]:
        return self._session.execute(_ASSIGNED, {"ids": ids, "since": self._since})

    def _notice(self, before: Row | None, after: Row) -> None:
        assert isinstance(after, RouteTrace), after
        assert before is None, "a trace is kept as it is"
        if after.at <= self._since:
            return
        # A lead that comes back to somebody counts once.
        earlier = self._rows.where(RouteTrace, referral_id=after.referral_id)
        if not any(
            one.chosen_id == after.chosen_id and one.at > self._since and one.id != after.id
            for one in earlier
        ):
            self._add(after.chosen_id, 1)


def _holder_of(referral: Row | None) -> str | None:
    """Return who holds a lead that is still to be done something about."""
    if not isinstance(referral, Referral) or referral.status not in _HOLDING:
        return None
    return referral.wealth_manager_id
