"""What routing must know of a lead and of everybody who could take it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence

from server.mutations.transaction import Transaction
from server.reactions.manager_facts import (
    ManagerFacts,
    assigned_of,
    leaves_today,
    open_leads_of,
    profiles_of,
    qualified_of,
    visits_of,
)
from shared.domain.customer import Customer, has_consent
from shared.domain.harvest import LIVE_STATUSES, HarvestDate
from shared.domain.people import Leave, Role, Staff
from shared.domain.policy import Policy
from shared.domain.referral import Referral
from shared.domain.routing import Candidate, RouteTrace, RouteVerdict, RoutingQuestion
from shared.domain.rows import demand
from shared.domain.village import Village

__all__ = ["cash_day", "routing_question"]


def routing_question(
    tx: Transaction, referral: Referral, policy: Policy, declined_ids: frozenset[str] = frozenset()
) -> RoutingQuestion:
    """Return the question where *referral* should go, with all that the rules ask for.

    Args:
        tx: The op's transaction.
        referral: The lead.
        policy: The rules of the day.
        declined_ids: Who gives it back just now; earlier ones are known from the traces.
    """
    rows, today = tx.rows, tx.moment.today
    customer = demand(rows, Customer, referral.customer_id)
    village = None if referral.village_id is None else rows.get(Village, referral.village_id)
    coverage = None if village is None else village.wealth_manager_id
    backup = None if village is None else village.backup_wealth_manager_id
    sale = _live_sale(tx, referral)
    visit_on = None if sale is None or sale.sale_from_on < today else sale.sale_from_on
    named = (customer.managing_id, referral.in_person_id, coverage, backup)
    return RoutingQuestion(
        id=tx.new_id(f"route:{referral.id}"),
        referral_id=referral.id,
        outlet_id=referral.outlet_id,
        referrer_id=referral.referrer_id,
        need=referral.need,
        consented=has_consent(rows, customer.id, today),
        asked_at=tx.moment.now,
        candidates=_candidates(tx, referral, named, visit_on or today, policy),
        managing_id=customer.managing_id,
        in_person_id=referral.in_person_id,
        village_manager_id=coverage,
        village_backup_id=backup,
        declined_ids=declined_ids | _declined_before(tx, referral),
        wanted=frozenset(tag for tag in _tags(referral) if tag),
        cues=frozenset(customer.cues),
        visit_on=visit_on,
        cash_on=None if sale is None else sale.payout_on,
    )


def _candidates(
    tx: Transaction,
    referral: Referral,
    named: Sequence[str | None],
    on: dt.date,
    policy: Policy,
) -> tuple[Candidate, ...]:
    leaves = leaves_today(tx)
    staff = _wealth_managers(tx, referral.outlet_id, named, leaves)
    ids = tuple(sorted(person.id for person in staff))
    facts = ManagerFacts(
        profiles=profiles_of(tx, ids),
        leaves=leaves,
        qualified_ids=qualified_of(tx, ids, referral.need),
        open_leads=open_leads_of(tx, ids, referral),
        assigned=assigned_of(tx, ids, policy),
        visits=visits_of(tx, ids, on),
        village_id=referral.village_id,
    )
    return tuple(facts.candidate(person) for person in staff)


def _tags(referral: Referral) -> tuple[str | None, ...]:
    return referral.need.value, referral.kind.value, referral.product_tag


def cash_day(tx: Transaction, referral: Referral) -> dt.date | None:
    """Return the payout day of the sale that a lead came from, while that is to come."""
    sale = _live_sale(tx, referral)
    return None if sale is None else sale.payout_on


def _live_sale(tx: Transaction, referral: Referral) -> HarvestDate | None:
    if referral.harvest_date_id is None:
        return None
    sale = tx.rows.get(HarvestDate, referral.harvest_date_id)
    return sale if sale is not None and sale.status in LIVE_STATUSES else None


def _wealth_managers(
    tx: Transaction, outlet_id: str, named: Sequence[str | None], leaves: Mapping[str, Leave]
) -> list[Staff]:
    """Return the outlet's wealth managers, those whom a rule could name, and their backups."""
    people = {person.id: person for person in tx.rows.where(Staff, outlet_id=outlet_id)}
    owners = _add(tx, people, named)
    _add(tx, people, [owner.backup_id for owner in owners])
    _add(tx, people, [leaves[owner.id].backup_id for owner in owners if owner.id in leaves])
    return [person for person in people.values() if Role.WEALTH_MANAGER in person.roles]


def _add(tx: Transaction, people: dict[str, Staff], ids: Iterable[str | None]) -> list[Staff]:
    """Add those people who are not there yet; return all that have one of *ids*."""
    asked = {staff_id for staff_id in ids if staff_id is not None}
    for staff_id in asked - people.keys():
        person = tx.rows.get(Staff, staff_id)
        if person is not None:
            people[person.id] = person
    return [person for staff_id, person in people.items() if staff_id in asked]


def _declined_before(tx: Transaction, referral: Referral) -> frozenset[str]:
    return frozenset(
        step.candidate_id
        for trace in tx.rows.where(RouteTrace, referral_id=referral.id)
        for step in trace.steps
        if step.verdict is RouteVerdict.DECLINED and step.candidate_id is not None
    )
