"""The county's policy: every number that could be argued about, by version (PRODUCT §5–7).

A version is effective from a day on and never edited: a new number is a new version, so that an
entry of last month is explained, for ever, by the rules of last month.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import ClassVar

from shared.domain.fields import Count, Fen, Id, Number
from shared.domain.referral import AmountBand
from shared.domain.rows import Rows

__all__ = ["BAND_ORDER", "DEFAULT_POLICY", "Policy", "is_large", "policy_on"]

BAND_ORDER = tuple(AmountBand)
"""The amount bands from the smallest to the largest."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """One version of the rules' numbers; `county_id` None is the house's own default.

    Percentages are whole parts of a hundred. Minutes of the day and ISO weekdays (1 is Monday) are
    the outlet's. Days are calendar days in Asia/Shanghai.
    """

    TABLE: ClassVar[str] = "policy"
    id: Id
    version: Number
    effective_on: dt.date
    county_id: Id | None = None

    valid_lead_points: Count = 2
    valid_lead_points_per_day_max: Count = 10
    complete_card_points: Count = 1
    met_points: Count = 2
    success_points: Count = 7
    success_large_points: Count = 15
    large_band: AmountBand = AmountBand.FROM_200K
    date_accuracy_points: Count = 2
    date_accuracy_days: Count = 2
    date_change_points: Count = 1
    date_change_hours_min: Count = 24
    care_converted_points: Count = 2
    fen_per_point: Fen = 100

    duplicate_window_days: Count = 30
    assist_percent: Count = 20
    escort_percent: Count = 30
    overlap_percent: Count = 50
    care_days_min: Count = 14
    care_originator_percent: Count = 50
    helpers_percent_max: Count = 50

    fairness_days: Count = 30
    opens_at_minute: Count = 8 * 60 + 30
    closes_at_minute: Count = 17 * 60 + 30
    working_weekdays: tuple[int, ...] = (1, 2, 3, 4, 5, 6)
    remind_working_hours: Count = 4
    escalate_hours: Count = 24
    cash_within_hours: Count = 48
    cash_remind_hours: Count = 1
    cash_backup_hours: Count = 2
    cash_escalate_hours: Count = 4

    settlement_grace_days: Count = 3
    settlement_confirm_days: Count = 2
    settlement_lock_day: Count = 5
    teller_pay_percent: Count = 30
    lobby_pay_percent: Count = 100
    pay_ratio_percent_max: Count = 120

    unconverted_kept_months: Count = 12
    duplicate_kept_days: Count = 30


DEFAULT_POLICY = Policy(id="0" * 13, version="2026-1", effective_on=dt.date(2026, 1, 1))
"""What holds where a county has said nothing else, also for days before it was written."""


def policy_on(rows: Rows, day: dt.date, *, county_id: str) -> Policy:
    """Return the policy of that county that is effective on *day*, a date in Asia/Shanghai."""
    effective = [
        policy
        for policy in rows.where(Policy)
        if policy.county_id in {None, county_id} and policy.effective_on <= day
    ]
    # The county's own version goes before the house's; of one day, the one made last.
    return max(
        effective,
        key=lambda policy: (policy.county_id is not None, policy.effective_on, policy.id),
        default=DEFAULT_POLICY,
    )


def is_large(policy: Policy, band: AmountBand) -> bool:
    """Tell whether a success of that band reaches the policy's threshold."""
    return BAND_ORDER.index(band) >= BAND_ORDER.index(policy.large_band)
