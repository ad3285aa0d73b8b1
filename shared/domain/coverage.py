"""Which villages are whose: by round, by cover (顶班), by coverage, by visit, by outlet."""

from __future__ import annotations

import datetime as dt

from shared.domain.moment import Moment, day_at_outlet
from shared.domain.people import Actor, Role
from shared.domain.refusals import OUT_OF_SCOPE, RefusedError
from shared.domain.rows import Rows, demand
from shared.domain.village import Round, RoundCover, Village
from shared.domain.visit import Visit, VisitStatus

__all__ = [
    "demand_calendar_of",
    "does_round",
    "is_sent_to",
    "keeps_calendar_of",
    "postmen_of",
    "rounds_of",
]

_SENT = (VisitStatus.SCHEDULED, VisitStatus.UNDER_WAY, VisitStatus.DONE)


def rounds_of(rows: Rows, staff_id: str, from_on: dt.date, to_on: dt.date) -> list[Round]:
    """Return the rounds that somebody does on any of these days: their own and covered ones."""
    own = rows.where(Round, postman_id=staff_id)
    covered = {
        cover.round_id
        for cover in rows.where(RoundCover, staff_id=staff_id)
        if not cover.cancelled and cover.from_on <= to_on and from_on <= cover.to_on
    }
    covered -= {round_.id for round_ in own}
    others = (rows.get(Round, round_id) for round_id in sorted(covered))
    return own + [round_ for round_ in others if round_ is not None]


def does_round(rows: Rows, staff_id: str, round_id: str, from_on: dt.date, to_on: dt.date) -> bool:
    """Tell whether somebody does that round on any of these days."""
    return any(round_.id == round_id for round_ in rounds_of(rows, staff_id, from_on, to_on))


def postmen_of(rows: Rows, village: Village, on: dt.date) -> list[str]:
    """Return who brings the post to a village on a day: the cover before the round's postman."""
    if village.round_id is None:
        return []
    covers = [
        cover.staff_id
        for cover in rows.where(RoundCover, round_id=village.round_id)
        if not cover.cancelled and cover.from_on <= on <= cover.to_on
    ]
    round_ = rows.get(Round, village.round_id)
    owner = [] if round_ is None or round_.postman_id is None else [round_.postman_id]
    return list(dict.fromkeys(covers + owner))


def is_sent_to(rows: Rows, staff_id: str, village_id: str) -> bool:
    """Tell whether somebody helps at a visit of that village."""
    return any(
        staff_id in visit.helper_ids and visit.status in _SENT
        for visit in rows.where(Visit, village_id=village_id)
    )


def keeps_calendar_of(
    rows: Rows, actor: Actor, village: Village, from_on: dt.date, to_on: dt.date
) -> bool:
    """Tell whether the actor keeps that village's harvest dates on any of these days.

    Source: PRODUCT §10: own villages, coverage, or the outlet; outreach where they are sent.
    """
    if actor.holds(Role.BRANCH_HEAD) and village.outlet_id == actor.outlet_id:
        return True
    coverage = (village.wealth_manager_id, village.backup_wealth_manager_id)
    if actor.holds(Role.WEALTH_MANAGER) and actor.staff_id in coverage:
        return True
    if (
        actor.holds(Role.POSTMAN)
        and village.round_id is not None
        and does_round(rows, actor.staff_id, village.round_id, from_on, to_on)
    ):
        return True
    return actor.holds(Role.OUTREACH) and is_sent_to(rows, actor.staff_id, village.id)


def demand_calendar_of(rows: Rows, village_id: str, actor: Actor, moment: Moment) -> Village:
    """Return the village if the actor kept its calendar when they recorded this.

    A cover counts on the days of the capture, even if the op arrives after it.

    Raises:
        RefusedError: `missing-object` or `out-of-scope`.
    """
    village = demand(rows, Village, village_id)
    days = (day_at_outlet(moment.captured_from), day_at_outlet(moment.captured_to))
    if not keeps_calendar_of(rows, actor, village, *days):
        raise RefusedError(OUT_OF_SCOPE, object="village")
    return village
