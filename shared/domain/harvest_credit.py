"""Who foretold a sale: accuracy within two days, and changes told a day ahead (PRODUCT §7)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from shared.domain.harvest import HarvestAction, HarvestDateVersion
from shared.domain.moment import OUTLET_ZONE, day_at_outlet
from shared.domain.policy import Policy
from shared.domain.visit import Visit

__all__ = ["Witnessed", "accurate_version", "timely_change", "witnessed_sale"]

_SEEING = frozenset({HarvestAction.START_DAY, HarvestAction.SELL})
_SAYING = frozenset({HarvestAction.REPORT, HarvestAction.SHIFT, HarvestAction.CORRECT})
WITNESSES_MIN = 2
SALE_WINDOW_DAYS_MAX = 7


@dataclass(frozen=True, slots=True, kw_only=True)
class Witnessed:
    """The day on which a sale was seen, and by whom; a visit counts alone, a report does not."""

    day: dt.date
    witness_ids: frozenset[str]
    visit_ids: tuple[str, ...]


def witnessed_sale(
    versions: Iterable[HarvestDateVersion], visits: Iterable[Visit]
) -> Witnessed | None:
    """Return the proof that a sale took place: a visit's check-in, or two people's reports.

    Args:
        versions: All versions of the harvest date, in any order.
        visits: The visits that were planned for it.
    """
    reports = [version for version in versions if version.action in _SEEING]
    arrivals = [(visit.checked_in_at, visit) for visit in visits if visit.checked_in_at is not None]
    reporters = {version.reported_by_id for version in reports}
    if not arrivals and len(reporters) < WITNESSES_MIN:
        return None
    seen = [at for at, _ in arrivals] or [version.reported_at for version in reports]
    return Witnessed(
        day=day_at_outlet(min(seen)),
        witness_ids=frozenset(reporters).union(
            *((visit.wealth_manager_id, *visit.helper_ids) for _, visit in arrivals)
        ),
        visit_ids=tuple(sorted(visit.id for _, visit in arrivals)),
    )


def accurate_version(
    versions: Iterable[HarvestDateVersion], witnessed: Witnessed, policy: Policy
) -> HarvestDateVersion | None:
    """Return the version that first named the right days, before they came; None when none did.

    Whoever is the only witness of the sale can't be the one who foretold it.
    """
    for version in _said(versions):
        in_time = day_at_outlet(version.reported_at) < witnessed.day
        if in_time and _is_right(version, witnessed.day, policy):
            alone = witnessed.witness_ids == {version.reported_by_id}
            return None if alone else version
    return None


def timely_change(
    versions: Iterable[HarvestDateVersion], witnessed: Witnessed, policy: Policy
) -> HarvestDateVersion | None:
    """Return the shift to the right days that was told early enough; None when there was none."""
    midnight = dt.datetime.combine(witnessed.day, dt.time(tzinfo=OUTLET_ZONE))
    latest = midnight - dt.timedelta(hours=policy.date_change_hours_min)
    for version in _said(versions):
        if (
            version.action is HarvestAction.SHIFT
            and version.reported_at <= latest
            and _is_right(version, witnessed.day, policy)
        ):
            alone = witnessed.witness_ids == {version.reported_by_id}
            return None if alone else version
    return None


def _said(versions: Iterable[HarvestDateVersion]) -> Sequence[HarvestDateVersion]:
    said = [version for version in versions if version.action in _SAYING]
    return sorted(said, key=lambda version: version.version)


def _is_right(version: HarvestDateVersion, day: dt.date, policy: Policy) -> bool:
    slack = dt.timedelta(days=policy.date_accuracy_days)
    # A window of weeks would always be right, and foretell nothing.
    longest = version.sale_from_on + dt.timedelta(days=SALE_WINDOW_DAYS_MAX - 1)
    last = min(version.sale_to_on, longest)
    return version.sale_from_on - slack <= day <= last + slack
