"""Why a lead is where it is: the stored steps of the routing, in plain words."""

from __future__ import annotations

from client.strings import Words
from client.views.desk.leads import trace_of
from client.views.desk.naming import staff_name, village_name
from shared.domain.referral import Referral
from shared.domain.routing import RouteStep, RouteTrace, RouteVerdict
from shared.domain.rows import Rows

__all__ = ["why_lines", "why_short"]

V = RouteVerdict
RULE_MATCH = 5  # PRODUCT §5: specialty, then dialect.

_DECIDING = frozenset({V.CHOSEN, V.ACTS, V.NOBODY_FITS, V.NO_CONSENT})
_OF_VILLAGE = (3, 4)
_BY_RULE = frozenset({V.CHOSEN, V.ACTS, V.NAMES_NOBODY})


def why_short(rows: Rows, lead: Referral, reader_id: str, words: Words) -> str:
    """Return the one reason that decided."""
    trace = trace_of(rows, lead)
    if _was_assigned(lead, trace):
        return words("why.assigned", name=_called(rows, lead.wealth_manager_id, reader_id, words))
    if trace is None:
        return words("why.not_here")
    for step in trace.steps:
        if step.verdict in _DECIDING:
            return _said(rows, lead, trace, step, reader_id, words)
    return words("why.not_here")


def why_lines(rows: Rows, lead: Referral, reader_id: str, words: Words) -> list[str]:
    """Return every step that was taken, in order, the decision last."""
    trace = trace_of(rows, lead)
    lines = []
    if trace is not None:
        decided = [step for step in trace.steps if step.verdict in _DECIDING]
        others = [step for step in trace.steps if step.verdict not in _DECIDING]
        lines = [_said(rows, lead, trace, step, reader_id, words) for step in (*others, *decided)]
    if _was_assigned(lead, trace):
        name = _called(rows, lead.wealth_manager_id, reader_id, words)
        lines.append(words("why.assigned", name=name))
    return list(dict.fromkeys(lines)) or [words("why.not_here")]


def _was_assigned(lead: Referral, trace: RouteTrace | None) -> bool:
    """Tell whether the branch head gave the lead to somebody else than the rules did."""
    return (
        trace is not None
        and lead.wealth_manager_id is not None
        and trace.chosen_id != lead.wealth_manager_id
    )


def _said(  # noqa: PLR0917 - a step, and all that its sentence names
    rows: Rows, lead: Referral, trace: RouteTrace, step: RouteStep, reader_id: str, words: Words
) -> str:
    return words(
        _key(lead, step, words),
        name=_called(rows, step.candidate_id, reader_id, words),
        owner=_called(rows, trace.acting_for_id, reader_id, words),
        village=village_name(rows, lead.village_id, words),
        need=words.name(lead.need),
        assigned=step.assigned,
        capacity=step.capacity,
        specialties=step.specialties,
        dialects=step.dialects,
    )


def _key(lead: Referral, step: RouteStep, words: Words) -> str:
    """Return the key of a step's sentence: by verdict, and by rule where that says more."""
    key = f"why.{step.verdict}"
    if step.verdict is V.NAMES_NOBODY and step.rule in _OF_VILLAGE and lead.village_id is None:
        return f"{key}.no_village"
    matches = step.specialties + step.dialects
    if step.verdict is V.CHOSEN and step.rule == RULE_MATCH and matches == 0:
        return f"{key}.only"  # Who matches in nothing is chosen when nobody else is left.
    if step.verdict in _BY_RULE and words.knows(f"{key}.{step.rule}"):
        return f"{key}.{step.rule}"
    return key


def _called(rows: Rows, staff_id: str | None, reader_id: str, words: Words) -> str:
    return words("desk.you") if staff_id == reader_id else staff_name(rows, staff_id, words)
