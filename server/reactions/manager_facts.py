"""What the database says of wealth managers on a day: capacity, qualification, load, visits."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from server.models.people import LeaveModel, QualificationModel, WealthManagerProfileModel
from server.models.referral import ReferralModel
from server.models.routing import RouteTraceModel
from server.models.visit import VisitModel
from server.mutations.transaction import Transaction
from shared.domain.people import Staff
from shared.domain.policy import Policy
from shared.domain.referral import Need, Referral, ReferralStatus
from shared.domain.routing import Candidate
from shared.domain.visit import VisitStatus

__all__ = [
    "ManagerFacts",
    "assigned_of",
    "leaves_today",
    "open_leads_of",
    "profiles_of",
    "qualified_of",
    "visits_of",
]

_HOLDING = (
    *(ReferralStatus.ROUTED, ReferralStatus.ACCEPTED, ReferralStatus.HANDED_OVER),
    *(ReferralStatus.VISIT_SET, ReferralStatus.MET),
)
_VISITING = (VisitStatus.SCHEDULED, VisitStatus.UNDER_WAY)

# Of somebody whose profile nobody has filled in yet.
_LEADS_MAX = 30
_VISITS_MAX = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class ManagerFacts:
    """What the database says of some wealth managers, by staff id, and the lead's village."""

    profiles: dict[str, WealthManagerProfileModel]
    leaves: Mapping[str, LeaveModel]
    qualified_ids: frozenset[str]
    open_leads: dict[str | None, int]
    assigned: dict[str | None, int]
    visits: list[tuple[str, str | None]]
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
            open_leads=self.open_leads.get(person.id, 0),
            leads_max=profile.leads_max if profile else _LEADS_MAX,
            visits=sum(manager_id == person.id for manager_id, _ in self.visits),
            visits_max=profile.visits_per_day_max if profile else _VISITS_MAX,
            assigned=self.assigned.get(person.id, 0),
            visits_village=self.village_id is not None
            and (person.id, self.village_id) in self.visits,
        )


def leaves_today(tx: Transaction) -> dict[str, LeaveModel]:
    """Return who of the county is away today."""
    today = tx.moment.today
    query = sa.select(LeaveModel).where(
        LeaveModel.county_id == tx.county_id,
        LeaveModel.from_on <= today,
        LeaveModel.to_on >= today,
        LeaveModel.cancelled.is_(False),
    )
    return {leave.staff_id: leave for leave in tx.session.scalars(query)}


def profiles_of(tx: Transaction, ids: Sequence[str]) -> dict[str, WealthManagerProfileModel]:
    """Return what is known of each: capacity, specialties, dialects."""
    model = WealthManagerProfileModel
    query = sa.select(model).where(model.staff_id.in_(ids))
    return {profile.staff_id: profile for profile in tx.session.scalars(query)}


def qualified_of(tx: Transaction, ids: Sequence[str], need: Need) -> frozenset[str]:
    """Return who may advise on *need* today."""
    query = sa.select(QualificationModel.staff_id).where(
        QualificationModel.staff_id.in_(ids),
        QualificationModel.need == need.value,
        QualificationModel.expires_on >= tx.moment.today,
    )
    return frozenset(tx.session.scalars(query))


def open_leads_of(tx: Transaction, ids: Sequence[str], referral: Referral) -> dict[str | None, int]:
    """Count the leads that each holds, this one apart."""
    query = (
        sa.select(ReferralModel.wealth_manager_id, sa.func.count())
        .where(
            ReferralModel.wealth_manager_id.in_(ids),
            ReferralModel.status.in_(_HOLDING),
            ReferralModel.id != referral.id,
        )
        .group_by(ReferralModel.wealth_manager_id)
    )
    return {row[0]: row[1] for row in tx.session.execute(query)}


def assigned_of(tx: Transaction, ids: Sequence[str], policy: Policy) -> dict[str | None, int]:
    """Count the leads that each was given in the fairness window, kept or not."""
    since = tx.moment.now - dt.timedelta(days=policy.fairness_days)
    query = (
        sa.select(
            RouteTraceModel.chosen_id, sa.func.count(sa.distinct(RouteTraceModel.referral_id))
        )
        .where(RouteTraceModel.chosen_id.in_(ids), RouteTraceModel.at > since)
        .group_by(RouteTraceModel.chosen_id)
    )
    return {row[0]: row[1] for row in tx.session.execute(query)}


def visits_of(tx: Transaction, ids: Sequence[str], on: dt.date) -> list[tuple[str, str | None]]:
    """Return whose visits of that day go to which village."""
    query = sa.select(VisitModel.wealth_manager_id, VisitModel.village_id).where(
        VisitModel.wealth_manager_id.in_(ids),
        VisitModel.planned_on == on,
        VisitModel.status.in_(_VISITING),
    )
    return [(row[0], row[1]) for row in tx.session.execute(query)]
