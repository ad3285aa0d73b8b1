"""Routing (PRODUCT §5): which wealth manager gets a lead, and why; never nobody, never a riddle.

Rules 0 and 6 filter; 1 to 4 name a candidate, the first that does wins; 5 and 7 order the rest;
9 is the branch head's queue. Every step is kept: "why here", "why me".
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from typing import ClassVar

from shared.domain.customer import Customer
from shared.domain.deadlines import Deadlines, deadlines_for
from shared.domain.fields import Count, Id
from shared.domain.people import Leave
from shared.domain.policy import Policy
from shared.domain.referral import Need, Referral
from shared.domain.rows import Rows
from shared.domain.village import Village
from shared.domain.visit import Visit, VisitStatus

__all__ = [
    "Candidate",
    "LikelyWealthManager",
    "RouteStep",
    "RouteTrace",
    "RouteVerdict",
    "RoutingQuestion",
    "assigned_by_head",
    "likely_wealth_manager",
    "route",
]


class RouteVerdict(StrEnum):
    """What a rule said of a candidate, or of the lead."""

    NO_CONSENT = "no_consent"
    INACTIVE = "inactive"
    NOT_QUALIFIED = "not_qualified"
    IS_REFERRER = "is_referrer"
    DECLINED = "declined"
    ON_LEAVE = "on_leave"
    LEADS_FULL = "leads_full"
    DAY_FULL = "day_full"
    NAMES_NOBODY = "names_nobody"
    NOT_AVAILABLE = "not_available"  # Named by this rule, but filtered out above.
    CHOSEN = "chosen"
    ACTS = "acts"  # Chosen to act for the one whom the rule named.
    RANKED = "ranked"
    ASSIGNED = "assigned"  # The branch head's own choice.
    NOBODY_FITS = "nobody_fits"


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """What routing must know of a wealth manager on the day of the question.

    `backup_id` acts while this one is away. `assigned` counts the leads of the fairness window,
    `visits` those of the day on which the village would be visited.
    """

    id: str
    active: bool = True
    on_leave: bool = False
    qualified: bool = True
    backup_id: str | None = None
    specialties: frozenset[str] = frozenset()
    dialects: frozenset[str] = frozenset()
    open_leads: int = 0
    leads_max: int = 1
    visits: int = 0
    visits_max: int = 1
    assigned: int = 0
    visits_village: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class RoutingQuestion:
    """A lead and everybody who could take it.

    `wanted` are the tags that a specialty can answer (the need, the product), `cues` the
    customer's, among which a dialect may stand. `declined_ids` gave this lead back before.
    `visit_on` is the day on which the village would be visited; `cash_on` that of the payout.
    """

    id: str
    referral_id: str
    outlet_id: str
    referrer_id: str
    need: Need
    consented: bool
    asked_at: dt.datetime
    candidates: tuple[Candidate, ...]
    managing_id: str | None = None
    in_person_id: str | None = None
    village_manager_id: str | None = None
    village_backup_id: str | None = None
    declined_ids: frozenset[str] = frozenset()
    wanted: frozenset[str] = frozenset()
    cues: frozenset[str] = frozenset()
    visit_on: dt.date | None = None
    cash_on: dt.date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RouteStep:
    """What one rule said; the numbers are those by which rules 5 and 7 ordered."""

    rule: Count
    verdict: RouteVerdict
    candidate_id: Id | None = None
    specialties: Count = 0
    dialects: Count = 0
    assigned: Count = 0
    capacity: Count = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class RouteTrace:
    """Why a lead is where it is, kept for ever; `chosen_id` None is the branch head's queue.

    `acting_for_id` is the one whom the rule named while the chosen one acts: ownership stays.
    `due_at` is when the chosen one is reminded; then the backup, then the branch head (rule 8).
    """

    TABLE: ClassVar[str] = "route"
    id: Id
    referral_id: Id
    outlet_id: Id
    rule: Count
    steps: tuple[RouteStep, ...]
    at: dt.datetime
    due_at: dt.datetime
    backup_due_at: dt.datetime
    escalated_at: dt.datetime
    chosen_id: Id | None = None
    acting_for_id: Id | None = None


@dataclass(frozen=True, slots=True)
class _Choice:
    rule: int
    chosen_id: str | None
    acting_for_id: str | None = None


def route(question: RoutingQuestion, policy: Policy) -> RouteTrace:
    """Answer the question; the same facts give the same answer, in any order of candidates."""
    steps: list[RouteStep] = []
    available = _available(question, steps)
    choice = (
        _named(question, available, steps) or _ranked(question, available, steps) or _nobody(steps)
    )
    deadlines = deadlines_for(question.asked_at, question.cash_on, policy)
    return RouteTrace(
        id=question.id,
        referral_id=question.referral_id,
        outlet_id=question.outlet_id,
        chosen_id=choice.chosen_id,
        acting_for_id=choice.acting_for_id,
        rule=choice.rule,
        steps=tuple(steps),
        at=question.asked_at,
        due_at=deadlines.remind_at,
        backup_due_at=deadlines.backup_at,
        escalated_at=deadlines.escalate_at,
    )


def assigned_by_head(
    referral: Referral, *, trace_id: str, at: dt.datetime, deadlines: Deadlines
) -> RouteTrace:
    """Return the trace of a lead that the branch head gave to somebody: rule 9, decided."""
    chosen_id = referral.wealth_manager_id
    return RouteTrace(
        id=trace_id,
        referral_id=referral.id,
        outlet_id=referral.outlet_id,
        chosen_id=chosen_id,
        acting_for_id=None,
        rule=9,
        steps=(RouteStep(rule=9, verdict=RouteVerdict.ASSIGNED, candidate_id=chosen_id),),
        at=at,
        due_at=deadlines.remind_at,
        backup_due_at=deadlines.backup_at,
        escalated_at=deadlines.escalate_at,
    )


def _available(question: RoutingQuestion, steps: list[RouteStep]) -> dict[str, Candidate]:
    """Return those whom rules 0 and 6 let pass, by id in its order; say of the others why not."""
    if not question.consented:
        steps.append(RouteStep(rule=0, verdict=RouteVerdict.NO_CONSENT))
        return {}
    passed = {}
    for candidate in sorted(question.candidates, key=lambda candidate: candidate.id):
        for rule, verdict, objects in _FILTERS:
            if objects(question, candidate):
                steps.append(RouteStep(rule=rule, verdict=verdict, candidate_id=candidate.id))
                break
        else:
            passed[candidate.id] = candidate
    return passed


_FILTERS: tuple[tuple[int, RouteVerdict, Callable[[RoutingQuestion, Candidate], bool]], ...] = (
    # First: the trace is where it is kept who gave the lead back.
    (0, RouteVerdict.DECLINED, lambda question, one: one.id in question.declined_ids),
    (0, RouteVerdict.INACTIVE, lambda _, one: not one.active),
    (0, RouteVerdict.IS_REFERRER, lambda question, one: one.id == question.referrer_id),
    (0, RouteVerdict.NOT_QUALIFIED, lambda _, one: not one.qualified),
    (0, RouteVerdict.ON_LEAVE, lambda _, one: one.on_leave),
    (6, RouteVerdict.LEADS_FULL, lambda _, one: one.open_leads >= one.leads_max),
    # A visit that is planned anyway takes one more lead; only a new one needs room in the day.
    (
        6,
        RouteVerdict.DAY_FULL,
        lambda question, one: (
            question.visit_on is not None
            and one.visits >= one.visits_max
            and not one.visits_village
        ),
    ),
)


def _named(
    question: RoutingQuestion, available: dict[str, Candidate], steps: list[RouteStep]
) -> _Choice | None:
    """Ask rules 1 to 4 in turn; each names somebody, or nobody who is available."""
    visiting = [one for one in available.values() if one.visits_village]
    nominations: tuple[tuple[int, str | None, str | None], ...] = (
        (1, question.managing_id, _backup_of(question, question.managing_id)),
        (2, question.in_person_id, None),
        (3, _order(question, visiting)[0].id if visiting else None, None),
        (4, question.village_manager_id, question.village_backup_id),
    )
    for rule, named_id, backup_id in nominations:
        choice = _nominate(rule, named_id, backup_id, question, available, steps)
        if choice is not None:
            return choice
    return None


def _nominate(  # noqa: PLR0913, PLR0917 - a rule, whom it names, and what is known
    rule: int,
    named_id: str | None,
    backup_id: str | None,
    question: RoutingQuestion,
    available: dict[str, Candidate],
    steps: list[RouteStep],
) -> _Choice | None:
    if named_id in available:
        steps.append(RouteStep(rule=rule, verdict=RouteVerdict.CHOSEN, candidate_id=named_id))
        return _Choice(rule, named_id)
    # Who refers their own customer wants somebody else to act, but nobody to act for them.
    if backup_id in available and named_id != question.referrer_id:
        steps.append(RouteStep(rule=rule, verdict=RouteVerdict.ACTS, candidate_id=backup_id))
        return _Choice(rule, backup_id, acting_for_id=named_id)
    verdict = RouteVerdict.NAMES_NOBODY if named_id is None else RouteVerdict.NOT_AVAILABLE
    steps.append(RouteStep(rule=rule, verdict=verdict, candidate_id=named_id))
    return None


def _ranked(
    question: RoutingQuestion, available: dict[str, Candidate], steps: list[RouteStep]
) -> _Choice | None:
    """Order the rest by specialty and dialect (5), then by fairness (7), then by id."""
    ranking = _order(question, available.values())
    if not ranking:
        return None
    rule = _deciding_rule(question, ranking)
    steps.extend(
        RouteStep(
            rule=rule,
            verdict=RouteVerdict.CHOSEN if place == 0 else RouteVerdict.RANKED,
            candidate_id=candidate.id,
            specialties=len(question.wanted & candidate.specialties),
            dialects=len(question.cues & candidate.dialects),
            assigned=candidate.assigned,
            capacity=candidate.leads_max,
        )
        for place, candidate in enumerate(ranking)
    )
    return _Choice(rule, ranking[0].id)


def _nobody(steps: list[RouteStep]) -> _Choice:
    steps.append(RouteStep(rule=9, verdict=RouteVerdict.NOBODY_FITS))
    return _Choice(9, None)


def _backup_of(question: RoutingQuestion, staff_id: str | None) -> str | None:
    for candidate in question.candidates:
        if candidate.id == staff_id:
            return candidate.backup_id
    return None


def _fit(question: RoutingQuestion, candidate: Candidate) -> tuple[int, int]:
    return (
        -len(question.wanted & candidate.specialties),
        -len(question.cues & candidate.dialects),
    )


def _load(candidate: Candidate) -> Fraction:
    # Rule 6 let only those pass who hold fewer leads than their capacity: it is never zero.
    return Fraction(candidate.assigned, candidate.leads_max)


def _order(question: RoutingQuestion, candidates: Iterable[Candidate]) -> Sequence[Candidate]:
    return sorted(candidates, key=lambda one: (*_fit(question, one), _load(one), one.id))


def _deciding_rule(question: RoutingQuestion, ranking: Sequence[Candidate]) -> int:
    """Return 5 when fit put the first before the second; 7 when fairness (or a tie) did."""
    if len(ranking) > 1 and _fit(question, ranking[0]) == _fit(question, ranking[1]):
        return 7
    return 5


@dataclass(frozen=True, slots=True, kw_only=True)
class LikelyWealthManager:
    """Who will probably get a lead, by which rule; provisional, for the server decides."""

    wealth_manager_id: str
    rule: int
    acting_for_id: str | None = None


def likely_wealth_manager(
    rows: Rows,
    *,
    referrer_id: str,
    customer_id: str | None,
    village_id: str | None,
    on: dt.date,
) -> LikelyWealthManager | None:
    """Guess offline, by rules 1, 3 and 4 alone, from what the phone knows.

    Args:
        rows: The phone's view.
        referrer_id: Who records the lead; never its wealth manager.
        customer_id: A known customer, or None.
        village_id: The village, or None.
        on: The day of the sale, or today.
    """
    customer = rows.get(Customer, customer_id) if customer_id else None
    village = rows.get(Village, village_id) if village_id else None
    visits = rows.where(Visit, village_id=village.id, planned_on=on) if village else []
    planned = [visit for visit in visits if visit.status in _VISITING]
    nominations: list[tuple[int, str | None, str | None]] = [
        (1, customer.managing_id if customer else None, None),
        *((3, visit.wealth_manager_id, None) for visit in planned),
        (
            4,
            village.wealth_manager_id if village else None,
            village.backup_wealth_manager_id if village else None,
        ),
    ]
    for rule, named_id, backup_id in nominations:
        likely = _likely(rows, rule, named_id, backup_id, on)
        if likely is not None and referrer_id not in {likely.wealth_manager_id, named_id}:
            return likely
    return None


_VISITING = frozenset({VisitStatus.SCHEDULED, VisitStatus.UNDER_WAY})


def _likely(
    rows: Rows, rule: int, named_id: str | None, backup_id: str | None, on: dt.date
) -> LikelyWealthManager | None:
    if named_id is None:
        return None
    leave = _leave_of(rows, named_id, on)
    if leave is None:
        return LikelyWealthManager(wealth_manager_id=named_id, rule=rule)
    backup_id = backup_id or leave.backup_id
    if backup_id is None or _leave_of(rows, backup_id, on) is not None:
        return None
    return LikelyWealthManager(wealth_manager_id=backup_id, rule=rule, acting_for_id=named_id)


def _leave_of(rows: Rows, staff_id: str, on: dt.date) -> Leave | None:
    for leave in rows.where(Leave, staff_id=staff_id):
        if leave.from_on <= on <= leave.to_on and not leave.cancelled:
            return leave
    return None
