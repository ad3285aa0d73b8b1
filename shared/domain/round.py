"""A postman's today: the villages of the round, what sells there, whom to see again."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

from shared.domain.care_card import OPEN_CARDS, CareCard
from shared.domain.coverage import is_sent_to, rounds_of
from shared.domain.harvest import LIVE_STATUSES, HarvestDate, HarvestStatus
from shared.domain.referral import OPEN_STATUSES, Referral
from shared.domain.rows import Rows
from shared.domain.village import Village
from shared.domain.visit import OPEN_VISITS, Visit

__all__ = [
    "cash_day",
    "follow_ups_due",
    "helping_visits",
    "near_sales",
    "open_referrals",
    "recorded_referrals",
    "villages_of",
]

OVERDUE_DAYS = 14
"""So long a sale that nobody has seen happen stays in sight, to be shifted or cancelled."""

_IN_SIGHT = LIVE_STATUSES | {HarvestStatus.SOLD}


def villages_of(rows: Rows, staff_id: str, day: dt.date) -> list[Village]:
    """Return the villages of somebody's rounds on a day, covers (顶班) included, by name.

    Outreach staff have those that they are sent to.
    """
    on_round = {
        village.id: village
        for round_ in rounds_of(rows, staff_id, day, day)
        for village in rows.where(Village, round_id=round_.id)
    }
    for visit in rows.where(Visit, planned_on=day):
        if visit.village_id is None or visit.village_id in on_round:
            continue
        village = rows.get(Village, visit.village_id)
        if village is not None and is_sent_to(rows, staff_id, village.id):
            on_round[village.id] = village
    return sorted(on_round.values(), key=lambda village: (village.town, village.name, village.id))


def near_sales(
    rows: Rows, villages: Iterable[Village], today: dt.date, days: int = 14
) -> list[HarvestDate]:
    """Return the sales of these villages that matter now, the nearest first.

    Those that begin within *days*, are under way, wait for their cash, or should have happened
    and nobody has said so.
    """
    until = today + dt.timedelta(days=days)
    since = today - dt.timedelta(days=OVERDUE_DAYS)
    sales = [
        sale
        for village in villages
        for sale in rows.where(HarvestDate, village_id=village.id)
        if sale.status in _IN_SIGHT
        and sale.sale_from_on <= until
        and max(sale.sale_to_on, sale.payout_on) >= since
    ]
    return sorted(sales, key=lambda sale: (sale.sale_from_on, sale.payout_on, sale.id))


def cash_day(rows: Rows, village_id: str, today: dt.date) -> dt.date | None:
    """Return when the next cash comes to a village, as far as the calendar knows."""
    village_sales = rows.where(HarvestDate, village_id=village_id)
    ahead = [
        sale.payout_on
        for sale in village_sales
        if sale.status in _IN_SIGHT and sale.payout_on >= today
    ]
    return min(ahead, default=None)


def follow_ups_due(rows: Rows, staff_id: str, today: dt.date) -> list[CareCard]:
    """Return the care cards that somebody owns and that are due, the longest waiting first."""
    due = [
        card
        for card in rows.where(CareCard, owner_id=staff_id)
        if card.status in OPEN_CARDS and card.next_contact_on <= today
    ]
    return sorted(due, key=lambda card: (card.next_contact_on, card.id))


def open_referrals(rows: Rows, staff_id: str) -> list[Referral]:
    """Return somebody's referrals that have not ended, the newest first."""
    return [
        referral
        for referral in recorded_referrals(rows, staff_id)
        if referral.status in OPEN_STATUSES
    ]


def recorded_referrals(rows: Rows, staff_id: str) -> list[Referral]:
    """Return all referrals that somebody recorded, the newest first."""
    own = rows.where(Referral, referrer_id=staff_id)
    return sorted(own, key=lambda referral: (referral.captured_to, referral.id), reverse=True)


def helping_visits(rows: Rows, staff_id: str, day: dt.date) -> list[Visit]:
    """Return the visits of a day at which somebody helps."""
    return [
        visit
        for visit in rows.where(Visit, planned_on=day)
        if visit.status in OPEN_VISITS and staff_id in visit.helper_ids
    ]
