"""Credit (PRODUCT §6): who has which share in an award; whole points that sum to the whole.

Whoever referred keeps at least half of every award, however many helped (收益向转介人倾斜).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from shared.domain.points import ShareRole
from shared.domain.policy import Policy

__all__ = ["Contribution", "Helper", "Share", "contributions", "split"]

PERCENT = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Helper:
    """Somebody who helped, as what, and the percentage that the policy gives for it."""

    staff_id: str
    role: ShareRole
    percent: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Contribution:
    """One person's part of the whole, in per cent; all parts of an award sum to 100."""

    staff_id: str
    role: ShareRole
    percent: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """One person's whole points of an award, and the part that they follow from."""

    staff_id: str
    role: ShareRole
    percent: int
    points: int


def contributions(
    referrer_ids: Sequence[str], helpers: Sequence[Helper], policy: Policy
) -> tuple[Contribution, ...]:
    """Return everybody's part: what the helpers leave belongs to who referred.

    Each whose proof overlaps with that of the one on the referral weighs the policy's rate; by
    default they have equal parts.

    Somebody who referred and helped too counts once, as who referred. When the helpers' rates
    together pass the policy's limit, they share the limit in proportion.

    Args:
        referrer_ids: Who referred; several when the proofs of the captures overlap, first the one
            who is named on the referral.
        helpers: In any order.
        policy: The rules of the day.
    """
    assert referrer_ids, "an award has a referrer"
    referrers = list(dict.fromkeys(referrer_ids))
    helping = _without_repeats(helpers, referrers)
    wanted = sum(helper.percent for helper in helping)
    given = min(wanted, policy.helpers_percent_max)
    rates = _by_largest_remainder(given, [helper.percent for helper in helping])
    overlap = policy.overlap_percent
    weights = [PERCENT - overlap] + [overlap] * (len(referrers) - 1) if referrers[1:] else [1]
    owners = _by_largest_remainder(PERCENT - given, weights)
    return (
        *(
            Contribution(staff_id=staff_id, role=ShareRole.REFERRER, percent=percent)
            for staff_id, percent in zip(referrers, owners, strict=True)
        ),
        *(
            Contribution(staff_id=helper.staff_id, role=helper.role, percent=percent)
            for helper, percent in zip(helping, rates, strict=True)
            if percent
        ),
    )


def split(points: int, parts: Sequence[Contribution]) -> tuple[Share, ...]:
    """Divide *points* by the parts, by largest remainder; ties go to who referred, then in order.

    Divided twice, between referrers and helpers first: rounding each helper up by itself would
    take more than half from the referrer.
    """
    assert points >= 0, points
    assert sum(part.percent for part in parts) == PERCENT, parts
    owners = [part for part in parts if part.role is ShareRole.REFERRER]
    helpers = [part for part in parts if part.role is not ShareRole.REFERRER]
    to_owners, to_helpers = _by_largest_remainder(points, [_total(owners), _total(helpers)])
    amounts = (
        *_by_largest_remainder(to_owners, [part.percent for part in owners]),
        *_by_largest_remainder(to_helpers, [part.percent for part in helpers]),
    )
    return tuple(
        Share(staff_id=part.staff_id, role=part.role, percent=part.percent, points=amount)
        for part, amount in zip((*owners, *helpers), amounts, strict=True)
    )


def _without_repeats(helpers: Sequence[Helper], referrers: Sequence[str]) -> list[Helper]:
    """Keep one entry for each helper, that of the highest rate, in an order of its own."""
    kept: dict[str, Helper] = {}
    for helper in sorted(helpers, key=lambda one: (-one.percent, one.role, one.staff_id)):
        if helper.staff_id not in referrers:
            kept.setdefault(helper.staff_id, helper)
    return list(kept.values())


def _total(parts: Sequence[Contribution]) -> int:
    return sum(part.percent for part in parts)


def _by_largest_remainder(whole: int, weights: Sequence[int]) -> list[int]:
    """Divide *whole* in proportion; the first of equal remainders gets the unit that is over."""
    total = sum(weights)
    if not total:
        return [0] * len(weights)
    amounts = [whole * weight // total for weight in weights]
    remainders = [whole * weight % total for weight in weights]
    by_remainder = sorted(range(len(weights)), key=lambda place: (-remainders[place], place))
    for place in by_remainder[: whole - sum(amounts)]:
        amounts[place] += 1
    return amounts
