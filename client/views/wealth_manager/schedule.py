"""Plan a visit: the day from the sale or the payout, the customers, the kit from the crop."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass, replace

import flet as ft

from client.components.buttons import primary_button
from client.components.cards import banner, card, empty_state, section
from client.components.chips import Option, choice_chips, toggle_chips
from client.components.dates import day_chips
from client.components.layout import bottom_action, page_body
from client.components.text import note, strong
from client.components.when import day_short
from client.state import App, use_app, use_words, use_world
from client.strings import Words
from client.views.desk.naming import crop_name, customer_name, staff_name, tag_name, village_name
from client.views.wealth_manager.plan import VisitPlan, companions, day_warnings, plan_of
from client.views.workplace import screen
from shared.domain.calendar import market_digits, next_market_days
from shared.domain.rows import Rows
from shared.domain.village import Village
from shared.domain.visit import ScheduleVisit

__all__ = ["ScheduleScreen"]

HELPERS_SHOWN = 12


@dataclass(frozen=True, slots=True)
class _Choice:
    """What is chosen for the visit; each field begins with what fits best."""

    on: dt.date
    leads: tuple[str, ...]
    kit: tuple[str, ...]
    helpers: tuple[str, ...]


@screen
def ScheduleScreen(lead: str = "", sale: str = "", visit: str = "") -> ft.Control:
    """Plan a visit for a lead, for a sale, or plan one anew."""
    app, words, rows = use_app(), use_words(), use_world()
    plan = plan_of(
        rows, app.field.me.id, app.field.today(), lead_id=lead, sale_id=sale, visit_id=visit
    )
    choice, choose = ft.use_state(_Choice(plan.on, plan.lead_ids, plan.kit_chosen, plan.helper_ids))

    async def schedule() -> None:
        args = ScheduleVisit(
            id=plan.visit_id or app.field.new_id(),
            planned_on=choice.on,
            referral_ids=choice.leads,
            harvest_date_id=plan.sale.id if plan.sale else None,
            village_id=plan.village_id,
            helper_ids=choice.helpers,
            kit=choice.kit,
        )
        await app.field.record("schedule_visit", args)
        when = day_short(choice.on, app.field.today(), words)
        app.tell(words("schedule.done", day=when), tone="good")
        app.navigation.back()

    if plan.village_id is None and not plan.leads:
        return empty_state(words("schedule.nothing"), detail=words("schedule.nothing_detail"))
    when = day_short(choice.on, app.field.today(), words)
    return page_body(
        [
            _goal(rows, plan, words),
            *_warnings(app, rows, plan, choice.on, words),
            section(
                words("schedule.day"),
                _days(
                    app,
                    rows,
                    plan,
                    words,
                    on=choice.on,
                    choose=lambda on: choose(replace(choice, on=on)),
                ),
            ),
            _whom(
                rows,
                plan,
                choice.leads,
                lambda one: choose(replace(choice, leads=_toggled(choice.leads, one))),
                words,
            ),
            _kit(
                plan,
                choice.kit,
                lambda one: choose(replace(choice, kit=_toggled(choice.kit, one))),
                words,
            ),
            _helpers(
                app,
                rows,
                plan,
                words,
                chosen=choice.helpers,
                toggle=lambda one: choose(replace(choice, helpers=_toggled(choice.helpers, one))),
            ),
        ],
        footer=bottom_action(
            primary_button(
                words("schedule.confirm", day=when),
                schedule,
                icon=ft.Icons.EVENT_AVAILABLE_OUTLINED,
                expand=True,
            )
        ),
    )


def _goal(rows: Rows, plan: VisitPlan, words: Words) -> ft.Control:
    village = village_name(rows, plan.village_id, words)
    if plan.sale is None:
        return card(strong(words("schedule.to", village=village)))
    crop = crop_name(rows, plan.sale.crop_id, words)
    return card(
        strong(words("schedule.to_sale", village=village, crop=crop)),
        note(words("schedule.joined")) if plan.visit_id else None,
        tone="harvest",
    )


def _warnings(app: App, rows: Rows, plan: VisitPlan, on: dt.date, words: Words) -> list[ft.Control]:
    warnings = day_warnings(rows, app.field.me.id, on, except_visit_id=plan.visit_id)
    return [
        banner(
            words(f"schedule.warn.{warning.kind}", n=warning.count),
            detail=words("desk.comma").join(
                village_name(rows, village_id, words) for village_id in warning.village_ids
            ),
        )
        for warning in warnings
    ]


def _days(
    app: App,
    rows: Rows,
    plan: VisitPlan,
    words: Words,
    *,
    on: dt.date,
    choose: Callable[[dt.date], object],
) -> ft.Control:
    """Offer the days of the sale and of its cash by name, then the next days and market days."""
    today = app.field.today()
    named = [
        Option(
            each.on,
            words(f"schedule.preset.{each.kind}"),
            hint=day_short(each.on, today, words),
            icon=ft.Icons.AGRICULTURE_OUTLINED
            if each.kind != "payout"
            else ft.Icons.PAYMENTS_OUTLINED,
        )
        for each in plan.presets
    ]
    village = rows.get(Village, plan.village_id) if plan.village_id else None
    digits = market_digits(rows, village.town) if village else ()
    preset_days = {each.on for each in plan.presets}
    near = {today + dt.timedelta(days=away) for away in range(5)} - preset_days
    markets = set(next_market_days(digits, today, 2)) - preset_days
    parts: list[ft.Control] = []
    if named:
        parts.append(choice_chips(named, on, choose, name=words("schedule.day")))
    parts.append(
        day_chips(
            words,
            today,
            None if on in preset_days else on,
            choose,
            days=sorted(near),
            market_days=markets,
            name=words("schedule.other_day"),
        )
    )
    return ft.Column(parts, tight=True)


def _whom(
    rows: Rows,
    plan: VisitPlan,
    chosen: tuple[str, ...],
    toggle: Callable[[str], object],
    words: Words,
) -> ft.Control:
    if not plan.leads:
        return ft.Container()
    title = words("schedule.leads", n=len(chosen))
    options = [Option(one.id, customer_name(rows, one.customer_id, words)) for one in plan.leads]
    return section(title, toggle_chips(options, chosen, toggle, name=title))


def _kit(
    plan: VisitPlan, chosen: tuple[str, ...], toggle: Callable[[str], object], words: Words
) -> ft.Control:
    title = words("schedule.kit")
    options = [Option(item, tag_name(item, words)) for item in plan.kit]
    return section(
        title,
        toggle_chips(options, chosen, toggle, name=title)
        if options
        else note(words("schedule.no_kit")),
    )


def _helpers(
    app: App,
    rows: Rows,
    plan: VisitPlan,
    words: Words,
    *,
    chosen: tuple[str, ...],
    toggle: Callable[[str], object],
) -> ft.Control:
    people = companions(rows, app.field.me, plan.village_id, app.field.today())
    return section(
        words("schedule.helpers"),
        toggle_chips(
            [
                Option(one.id, staff_name(rows, one.id, words), hint=words.name(one.roles[0]))
                for one in people[:HELPERS_SHOWN]
            ],
            chosen,
            toggle,
            name=words("schedule.helpers"),
        )
        if people
        else note(words("schedule.no_helpers")),
    )


def _toggled(chosen: tuple[str, ...], one: str) -> tuple[str, ...]:
    return tuple(each for each in chosen if each != one) if one in chosen else (*chosen, one)
