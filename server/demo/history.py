"""Three years of an invented county, lived through the real door up to this hour."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import replace

from server.demo.care_work import CareWork
from server.demo.field_work import FieldWork
from server.demo.head_work import HeadWork
from server.demo.manager_work import ManagerWork
from server.demo.news import read_news
from server.demo.seasons import earlier_sales, present_sales
from server.demo.stage import Stage, at_outlet
from server.mutations.own import own_transaction
from shared.domain.customer import Customer, CustomerKind
from shared.domain.people import Device, Role
from shared.domain.village import Village
from shared.ids import make_id, parse_id

__all__ = ["began_on", "load_history"]

MORNING_LEADS = 6
_MONTHS_AT_A_TIME = 3
# The villages have signal every other day; and so the story is told in twenty seconds.
_SYNC_EVERY_DAYS = 2
# One phone that somebody should ask after, one that was off for a day.
_SILENT = (dt.timedelta(days=4, hours=3), dt.timedelta(days=1, hours=5))
_HEARD_WITHIN = dt.timedelta(hours=20)


def load_history(stage: Stage, say: Callable[[str, str], None]) -> None:
    """Let the demo's people live until now; every record is an operation of somebody's phone.

    Args:
        stage: The county, imported; everybody has a phone.
        say: Told what is going on, in Chinese and in English.
    """
    today = stage.today
    say(
        f"往年 {stage.scale.years} 年的出售日期", f"sale dates of {stage.scale.years} earlier years"
    )
    _live_earlier_years(stage)
    first_day = today - dt.timedelta(days=stage.scale.days)
    stage.clock.reach(at_outlet(first_day, 7))
    _add_managed_customers(stage)
    say(f"最近 {stage.scale.days} 天的转介、关怀卡、走访、积分",
        f"{stage.scale.days} days of leads, care cards, visits, points")  # fmt: skip
    _live_recent_days(stage, first_day)


def began_on(stage: Stage) -> dt.date:
    """Return the day on which the demo's history begins."""
    return dt.date(stage.today.year - stage.scale.years, 1, 1)


def _live_earlier_years(stage: Stage) -> None:
    sales = earlier_sales(stage.rows(), stage.random, stage.today, stage.scale.years)
    field = FieldWork(stage, sales)
    from_on = began_on(stage)
    while from_on < stage.today:
        month = from_on.month + _MONTHS_AT_A_TIME
        next_on = dt.date(from_on.year + (month - 1) // 12, (month - 1) % 12 + 1, 1)
        field.report_season(from_on, next_on - dt.timedelta(days=1))
        from_on = next_on


def _live_recent_days(stage: Stage, first_day: dt.date) -> None:
    sales = present_sales(stage.rows(), stage.random, stage.today)
    field, care = FieldWork(stage, sales), CareWork(stage)
    managers, heads = ManagerWork(stage), HeadWork(stage)
    for number in range(stage.scale.days):
        day = first_day + dt.timedelta(days=number)
        field.day(day, _some(stage, stage.scale.leads_per_day),
                  _some(stage, stage.scale.cards_per_day))  # fmt: skip
        if number % _SYNC_EVERY_DAYS == _SYNC_EVERY_DAYS - 1:
            care.day(day)
            field.send(at_outlet(day, 18), all_of_them=False)
            managers.day(day)
            heads.day(day)
    read_news(stage)
    heads.cold_wave(stage.now - dt.timedelta(hours=3))
    field.morning(stage.now - dt.timedelta(minutes=5), MORNING_LEADS)
    field.send(stage.now)
    _hear_of_phones(stage)


def _hear_of_phones(stage: Stage) -> None:
    """Have phones with nothing to send look for news too, all but a few of them since yesterday.

    Without it the office's phones would be silent since the day on which they were enrolled.
    """
    rows = stage.rows()
    quiet = [
        device
        for device in sorted(rows.where(Device), key=lambda one: one.number)
        if stage.now - (device.last_seen_at or device.enrolled_at) >= _HEARD_WITHIN
    ]
    with own_transaction(stage.door, stage.session, stage.county_id) as tx:
        for place, device in enumerate(quiet):
            silent = (
                _SILENT[place] if place < len(_SILENT) else dt.timedelta(minutes=20 + 7 * place)
            )
            tx.put(replace(device, last_seen_at=stage.now - silent))


def _some(stage: Stage, mean: float) -> int:
    """Return a number about *mean*, half of it by luck."""
    spread = stage.random.uniform(0.5, 1.5) * mean
    return int(spread) + (stage.random.random() < spread % 1)


def _add_managed_customers(stage: Stage) -> None:
    """Put the customers whom the wealth managers had before (存量), as an import would."""
    rows = stage.rows()
    villages = rows.where(Village)
    chance = stage.random
    with own_transaction(stage.door, stage.session, stage.county_id) as tx:
        cause = parse_id(tx.op_id)
        for place in range(stage.scale.customers):
            village = chance.choice(villages)
            managers = stage.holding(Role.WEALTH_MANAGER, village.outlet_id)
            tx.put(
                Customer(
                    id=make_id(cause.device_number, cause.sequence, place + 1),
                    outlet_id=village.outlet_id,
                    name=stage.people.name(village.name),
                    kind=chance.choice((*[CustomerKind.FARMER] * 8, *CustomerKind)),
                    village_id=village.id,
                    managing_id=chance.choice(managers).staff.id,
                )
            )
