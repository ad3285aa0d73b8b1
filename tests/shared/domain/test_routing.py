"""A lead always has an owner, the same facts give the same one, and the trace says why."""

from __future__ import annotations

import datetime as dt
import timeit
from dataclasses import replace
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.deadlines import deadlines_for
from shared.domain.people import Leave
from shared.domain.policy import DEFAULT_POLICY
from shared.domain.referral import Need, ReferralStatus
from shared.domain.routing import (
    Candidate,
    LikelyWealthManager,
    RouteStep,
    RouteTrace,
    RouteVerdict,
    RoutingQuestion,
    assigned_by_head,
    likely_wealth_manager,
    route,
)
from shared.domain.visit import VisitStatus
from tests.shared.domain.county import (
    BACKUP,
    CUSTOMER,
    MANAGER,
    NOW,
    OTHER_MANAGER,
    OUTLET,
    POSTMAN,
    TODAY,
    VILLAGE,
    VISIT,
    county,
    day,
    id_of,
    referral,
)

ANNA, BO, CAI = sorted((id_of("anna"), id_of("bo"), id_of("cai")))
QUESTION = RoutingQuestion(
    id=id_of("route"),
    referral_id=id_of("referral"),
    outlet_id=OUTLET.id,
    referrer_id=POSTMAN.id,
    need=Need.DEPOSIT,
    consented=True,
    asked_at=NOW,
    candidates=(),
)


def candidate(staff_id: str, **facts: object) -> Candidate:
    return replace(
        Candidate(id=staff_id, leads_max=10, visits_max=2),
        **facts,  # type: ignore[arg-type]
    )


def answer(*candidates: Candidate, **facts: object) -> tuple[str | None, int]:
    trace = routed(*candidates, **facts)
    return trace.chosen_id, trace.rule


def routed(*candidates: Candidate, **facts: object) -> RouteTrace:
    question = replace(QUESTION, candidates=candidates, **facts)  # type: ignore[arg-type]
    return route(question, DEFAULT_POLICY)


@pytest.mark.parametrize(
    ("facts", "verdict", "rule"),
    [
        ({"active": False}, RouteVerdict.INACTIVE, 0),
        ({"qualified": False}, RouteVerdict.NOT_QUALIFIED, 0),
        ({"on_leave": True}, RouteVerdict.ON_LEAVE, 0),
        ({"open_leads": 10}, RouteVerdict.LEADS_FULL, 6),
        ({"visits": 2}, RouteVerdict.DAY_FULL, 6),
    ],
)
def test_filter_passes_over_somebody_and_says_why(
    facts: dict[str, Any], verdict: RouteVerdict, rule: int
) -> None:
    trace = routed(candidate(ANNA, **facts), candidate(BO), visit_on=TODAY)
    assert trace.chosen_id == BO
    assert (trace.steps[0].rule, trace.steps[0].verdict, trace.steps[0].candidate_id) == (
        rule,
        verdict,
        ANNA,
    )


def test_nobody_is_routed_their_own_referral() -> None:
    assert answer(candidate(ANNA), candidate(BO), referrer_id=ANNA) == (BO, 5)


def test_who_gave_the_lead_back_does_not_get_it_again() -> None:
    trace = routed(candidate(ANNA), candidate(BO), declined_ids=frozenset({ANNA}))
    assert trace.chosen_id == BO
    assert trace.steps[0].verdict is RouteVerdict.DECLINED


def test_full_day_matters_only_for_a_visit_that_is_not_planned_yet() -> None:
    assert answer(candidate(ANNA, visits=2)) == (ANNA, 5)
    on_the_way = candidate(ANNA, visits=2, visits_village=True)
    assert answer(on_the_way, visit_on=TODAY) == (ANNA, 3)


def test_lead_without_consent_goes_to_the_branch_head() -> None:
    trace = routed(candidate(ANNA), consented=False)
    assert (trace.chosen_id, trace.rule) == (None, 9)
    assert trace.steps[0].verdict is RouteVerdict.NO_CONSENT


def test_nobody_left_is_the_branch_heads_queue() -> None:
    trace = routed()
    assert (trace.chosen_id, trace.rule) == (None, 9)
    assert trace.steps[-1] == RouteStep(rule=9, verdict=RouteVerdict.NOBODY_FITS)


def test_managing_wealth_manager_goes_before_all_others() -> None:
    assert answer(
        candidate(ANNA),
        candidate(BO, visits_village=True),
        candidate(CAI),
        managing_id=ANNA,
        in_person_id=CAI,
        village_manager_id=BO,
    ) == (ANNA, 1)


def test_backup_acts_while_the_managing_wealth_manager_is_on_leave() -> None:
    trace = routed(
        candidate(ANNA, on_leave=True, backup_id=BO),
        candidate(BO),
        candidate(CAI),
        managing_id=ANNA,
        in_person_id=CAI,
    )
    assert (trace.chosen_id, trace.acting_for_id, trace.rule) == (BO, ANNA, 1)
    assert trace.steps[-1].verdict is RouteVerdict.ACTS


def test_nobody_acts_for_a_manager_who_refers_their_own_customer() -> None:
    trace = routed(candidate(ANNA, backup_id=BO), candidate(BO), managing_id=ANNA, referrer_id=ANNA)
    assert (trace.chosen_id, trace.acting_for_id) == (BO, None)


def test_managing_wealth_manager_whom_nobody_knows_is_passed_over() -> None:
    assert answer(candidate(BO), managing_id=ANNA) == (BO, 5)


@pytest.mark.parametrize(
    ("facts", "rule"),
    [
        ({"in_person_id": CAI, "village_manager_id": BO}, 2),
        ({"village_manager_id": CAI}, 4),
        ({"village_manager_id": ANNA, "village_backup_id": CAI}, 4),
    ],
)
def test_first_rule_that_names_somebody_wins(facts: dict[str, Any], rule: int) -> None:
    away = candidate(ANNA, on_leave=True)
    assert answer(away, candidate(BO), candidate(CAI), **facts) == (CAI, rule)


def test_trace_says_of_each_rule_whom_it_named() -> None:
    trace = routed(candidate(ANNA, on_leave=True), candidate(BO), managing_id=ANNA)
    assert [(step.rule, step.verdict, step.candidate_id) for step in trace.steps] == [
        (0, RouteVerdict.ON_LEAVE, ANNA),
        (1, RouteVerdict.NOT_AVAILABLE, ANNA),
        (2, RouteVerdict.NAMES_NOBODY, None),
        (3, RouteVerdict.NAMES_NOBODY, None),
        (4, RouteVerdict.NAMES_NOBODY, None),
        (5, RouteVerdict.CHOSEN, BO),
    ]


def test_who_visits_the_village_goes_before_who_covers_it() -> None:
    visiting = candidate(CAI, visits_village=True)
    assert answer(candidate(ANNA), visiting, village_manager_id=ANNA) == (CAI, 3)


def test_best_fit_goes_among_two_who_visit_the_village() -> None:
    fits = candidate(CAI, visits_village=True, specialties=frozenset({"deposit"}))
    other = candidate(ANNA, visits_village=True)
    assert answer(other, fits, wanted=frozenset({"deposit"})) == (CAI, 3)


def test_specialty_goes_before_dialect_and_dialect_before_fairness() -> None:
    special = candidate(CAI, specialties=frozenset({"deposit"}), assigned=9)
    speaks = candidate(BO, dialects=frozenset({"雷州话"}), assigned=5)
    plain = candidate(ANNA)
    facts = {"wanted": frozenset({"deposit"}), "cues": frozenset({"雷州话"})}
    assert answer(plain, speaks, special, **facts) == (CAI, 5)
    assert answer(plain, speaks, **facts) == (BO, 5)


def test_fairness_compares_what_was_assigned_with_capacity() -> None:
    busy = candidate(ANNA, assigned=5, leads_max=10)
    free = candidate(BO, assigned=9, leads_max=30)
    trace = routed(busy, free)
    assert (trace.chosen_id, trace.rule) == (BO, 7)
    assert [(step.candidate_id, step.assigned, step.capacity) for step in trace.steps[-2:]] == [
        (BO, 9, 30),
        (ANNA, 5, 10),
    ]


def test_tie_is_broken_by_id() -> None:
    assert answer(candidate(CAI), candidate(ANNA), candidate(BO)) == (ANNA, 7)


def test_deadlines_stand_on_the_trace() -> None:
    deadlines = deadlines_for(NOW, None, DEFAULT_POLICY)
    trace = routed(candidate(ANNA))
    assert (trace.due_at, trace.backup_due_at, trace.escalated_at) == (
        deadlines.remind_at,
        deadlines.backup_at,
        deadlines.escalate_at,
    )


def test_choice_of_the_branch_head_is_a_trace_too() -> None:
    given_lead = referral(ReferralStatus.ROUTED)
    deadlines = deadlines_for(NOW, TODAY, DEFAULT_POLICY)
    trace = assigned_by_head(given_lead, trace_id=id_of("r"), at=NOW, deadlines=deadlines)
    assert (trace.chosen_id, trace.rule) == (MANAGER.id, 9)
    assert trace.steps[0].verdict is RouteVerdict.ASSIGNED
    assert trace.due_at == NOW + dt.timedelta(hours=1)


ids = st.sampled_from([ANNA, BO, CAI])
candidates = st.lists(
    st.builds(
        Candidate,
        id=ids,
        active=st.booleans(),
        on_leave=st.booleans(),
        qualified=st.booleans(),
        backup_id=st.none() | ids,
        specialties=st.frozensets(st.sampled_from(["deposit", "loan"])),
        dialects=st.frozensets(st.sampled_from(["雷州话", "粤语"])),
        open_leads=st.integers(0, 4),
        leads_max=st.integers(0, 4),
        visits=st.integers(0, 3),
        visits_max=st.integers(0, 3),
        assigned=st.integers(0, 9),
        visits_village=st.booleans(),
    ),
    max_size=3,
    unique_by=lambda one: one.id,
)
questions = st.builds(
    replace,
    st.just(QUESTION),
    candidates=candidates.map(tuple),
    consented=st.booleans(),
    referrer_id=ids,
    managing_id=st.none() | ids,
    in_person_id=st.none() | ids,
    village_manager_id=st.none() | ids,
    village_backup_id=st.none() | ids,
    declined_ids=st.frozensets(ids, max_size=1),
    wanted=st.just(frozenset({"deposit"})),
    cues=st.just(frozenset({"雷州话"})),
    visit_on=st.none() | st.just(TODAY),
)


@given(question=questions)
def test_whoever_is_chosen_passed_every_filter(question: RoutingQuestion) -> None:
    trace = route(question, DEFAULT_POLICY)
    if trace.chosen_id is None:
        assert trace.rule == 9
        return
    (chosen,) = [one for one in question.candidates if one.id == trace.chosen_id]
    assert question.consented
    assert chosen.active
    assert chosen.qualified
    assert not chosen.on_leave
    assert chosen.id != question.referrer_id
    assert chosen.id not in question.declined_ids
    assert chosen.open_leads < chosen.leads_max
    assert question.visit_on is None or chosen.visits_village or chosen.visits < chosen.visits_max


@given(question=questions)
def test_nobody_is_left_in_the_queue_while_somebody_passes_every_filter(
    question: RoutingQuestion,
) -> None:
    trace = route(question, DEFAULT_POLICY)
    if trace.chosen_id is None and question.consented:
        filtered = {step.candidate_id for step in trace.steps if step.rule in {0, 6}}
        assert filtered >= {one.id for one in question.candidates}


@given(question=questions, random=st.randoms())
def test_route_is_the_same_in_any_order_of_candidates(
    question: RoutingQuestion, random: Random
) -> None:
    shuffled = list(question.candidates)
    random.shuffle(shuffled)
    again = replace(question, candidates=tuple(shuffled))
    assert route(again, DEFAULT_POLICY) == route(question, DEFAULT_POLICY)


def test_route_takes_less_than_a_millisecond() -> None:
    """The best of several runs: what the rules cost, not what the machine was busy with."""
    outlet = tuple(candidate(id_of(f"manager {number}")) for number in range(10))
    question = replace(QUESTION, candidates=outlet)
    took_s = timeit.repeat(lambda: route(question, DEFAULT_POLICY), number=10, repeat=20)
    assert min(took_s) / 10 < 0.001


def likely(*rows: object, **facts: object) -> LikelyWealthManager | None:
    known = {
        "referrer_id": POSTMAN.id,
        "customer_id": CUSTOMER.id,
        "village_id": VILLAGE.id,
        "on": day(3),
        **facts,
    }
    return likely_wealth_manager(county(*rows), **known)  # type: ignore[arg-type]


def leave(staff_id: str, **fields: object) -> Leave:
    return replace(
        Leave(id=id_of(f"leave {staff_id}"), staff_id=staff_id, from_on=day(2), to_on=day(4)),
        **fields,  # type: ignore[arg-type]
    )


def test_phone_guesses_the_managing_wealth_manager_first() -> None:
    managed = replace(CUSTOMER, managing_id=BACKUP.id)
    assert likely(managed, VISIT) == LikelyWealthManager(wealth_manager_id=BACKUP.id, rule=1)


def test_phone_guesses_who_visits_the_village_that_day() -> None:
    visit = replace(VISIT, wealth_manager_id=BACKUP.id)
    assert likely(visit) == LikelyWealthManager(wealth_manager_id=BACKUP.id, rule=3)
    assert likely(replace(visit, status=VisitStatus.CANCELLED)) == LikelyWealthManager(
        wealth_manager_id=MANAGER.id, rule=4
    )


def test_phone_guesses_the_backup_while_the_coverage_is_on_leave() -> None:
    assert likely(leave(MANAGER.id)) == LikelyWealthManager(
        wealth_manager_id=BACKUP.id, rule=4, acting_for_id=MANAGER.id
    )
    for first, last in ((3, 3), (3, 9), (0, 3)):
        away = leave(MANAGER.id, from_on=day(first), to_on=day(last))
        found = likely(away)
        assert found is not None
        assert found.acting_for_id == MANAGER.id
    assert likely(leave(MANAGER.id, cancelled=True)) == LikelyWealthManager(
        wealth_manager_id=MANAGER.id, rule=4
    )


def test_phone_guesses_the_backup_that_the_leave_names() -> None:
    managed = replace(CUSTOMER, managing_id=OTHER_MANAGER.id)
    away = leave(OTHER_MANAGER.id, backup_id=BACKUP.id)
    assert likely(managed, away) == LikelyWealthManager(
        wealth_manager_id=BACKUP.id, rule=1, acting_for_id=OTHER_MANAGER.id
    )


def test_phone_guesses_nobody_when_coverage_and_backup_are_away() -> None:
    assert likely(leave(MANAGER.id), leave(BACKUP.id)) is None


def test_phone_guesses_nobody_without_customer_and_village() -> None:
    assert likely(customer_id=None, village_id=None) is None


def test_phone_never_guesses_the_referrer() -> None:
    assert likely(referrer_id=MANAGER.id) is None
