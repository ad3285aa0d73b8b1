"""One's points as the phone can tell them: from the server's entries, no balance of its own."""

from __future__ import annotations

from collections import Counter

from client.status import PointsSummary
from client.store.world import World
from shared.domain.explanation import explain
from shared.domain.moment import day_at_outlet
from shared.domain.people import Staff
from shared.domain.points import PointsEntry
from shared.domain.policy import policy_on
from shared.domain.referral import Referral

__all__ = ["summarise"]


def summarise(world: World, me: Staff, period: str) -> PointsSummary:
    """Return *me*'s points of a month (YYYY-MM): approved, pending, and not uploaded yet."""
    entries = world.where(PointsEntry, payee_id=me.id, period=period)
    explained = explain(entries)
    captured = [
        day_at_outlet(referral.captured_to)
        for referral in world.where(Referral, referrer_id=me.id)
        if world.revision(Referral, referral.id) is None
    ]
    of_month = Counter(day for day in captured if f"{day:%Y-%m}" == period)
    local_points = 0
    for day, count in of_month.items():
        policy = policy_on(world, day, county_id=me.county_id)
        held = sum(entry.points for entry in entries if entry.capped_on == day)
        room = max(0, policy.valid_lead_points_per_day_max - held)
        local_points += min(count * policy.valid_lead_points, room)
    return PointsSummary(
        period=period,
        approved=explained.approved,
        pending=explained.pending,
        local_records=of_month.total(),
        local_points=local_points,
    )
