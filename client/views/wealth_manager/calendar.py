"""The sale calendar of my villages: a month, warm where villages sell, and the list of it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import flet as ft

from client.components.buttons import icon_button
from client.components.cards import badge, empty_state, section, tap_card
from client.components.charts.month_heat import HeatDay, month_heat
from client.components.chips import Option, choice_chips
from client.components.layout import page_body, stack
from client.components.text import note, strong
from client.components.when import day, lunar, month
from client.design import EARTH, GAP, LEAF
from client.state import App, use_app, use_words, use_world
from client.strings import Words
from client.views.desk.naming import crop_name, village_name
from client.views.desk.panes import panes
from client.views.seasons import season_section
from client.views.workplace import screen
from shared.domain.calendar import is_market_day, market_digits
from shared.domain.day_plan import covered_villages, sale_calendar
from shared.domain.harvest import LIVE_STATUSES, Confidence, HarvestDate, HarvestStatus
from shared.domain.lunar import lunar_day
from shared.domain.rows import Rows
from shared.domain.village import Village
from shared.domain.visit import OPEN_VISITS, Visit

__all__ = ["CalendarTab"]

MONTH, LIST = "month", "list"
LISTED_MAX = 100
WEEKDAYS = range(1, 8)
SHOWN = LIVE_STATUSES | {HarvestStatus.SOLD, HarvestStatus.PAID}


@screen
def CalendarTab() -> ft.Control:
    """Show when my villages sell and are paid: by month or as a list; a tap plans a visit."""
    app, words, rows = use_app(), use_words(), use_world()
    look, _ = ft.use_state(app.look)
    today = app.field.today()
    first, show = ft.use_state(today.replace(day=1))
    chosen, choose = ft.use_state(today)
    form, set_form = ft.use_state(MONTH)
    villages = covered_villages(rows, app.field.me.id)
    sales = _sales(rows, villages)
    heat = stack(
        _month_head(first, show, words),
        month_heat(
            first,
            _heat_days(rows, villages, sales, first, today=today, words=words),
            weekdays=[words(f"calendar.weekday{number}") for number in WEEKDAYS],
            today=today,
            chosen=chosen,
            on_choose=choose,
        ),
        _key(words),
    )
    of_day = _day_section(app, rows, villages, sales, on=chosen, words=words)
    seasons = season_section(rows, villages, today, words)
    if look.wide:
        ahead = _list_section(app, rows, sales, words)
        return panes([heat, of_day], page_body([ahead, *seasons]), nothing_chosen="", width=520)
    forms = choice_chips(
        [
            Option(MONTH, words("calendar.month"), icon=ft.Icons.CALENDAR_VIEW_MONTH),
            Option(LIST, words("calendar.list"), icon=ft.Icons.VIEW_AGENDA_OUTLINED),
        ],
        form,
        set_form,
        name=words("calendar.form"),
    )
    if form == LIST:
        return page_body([forms, _list_section(app, rows, sales, words), *seasons])
    return page_body([forms, heat, of_day, *seasons, ft.Container(height=GAP)])


def _sales(rows: Rows, villages: list[Village]) -> list[HarvestDate]:
    found = [
        sale
        for village in villages
        for sale in rows.where(HarvestDate, village_id=village.id)
        if sale.status in SHOWN
    ]
    return sorted(found, key=lambda sale: (sale.sale_from_on, sale.id))


def _month_head(first: dt.date, show: Callable[[dt.date], object], words: Words) -> ft.Control:
    before = (first - dt.timedelta(days=1)).replace(day=1)
    after = (first + dt.timedelta(days=32)).replace(day=1)
    return ft.Row(
        [
            icon_button(ft.Icons.CHEVRON_LEFT, words("calendar.before"), lambda: show(before)),
            ft.Container(
                strong(month(f"{first:%Y-%m}", words)),
                expand=True,
                alignment=ft.Alignment.CENTER,
            ),
            icon_button(ft.Icons.CHEVRON_RIGHT, words("calendar.after"), lambda: show(after)),
        ]
    )


def _heat_days(
    rows: Rows,
    villages: list[Village],
    sales: list[HarvestDate],
    first: dt.date,
    *,
    today: dt.date,
    words: Words,
) -> dict[dt.date, HeatDay]:
    town_of = {village.id: village.town for village in villages}
    days = {}
    for square in sale_calendar(rows, villages, first):
        selling = [sale for sale in sales if sale.sale_from_on <= square.on <= sale.sale_to_on]
        moon = lunar_day(square.on)
        name = words(
            "calendar.day_name",
            day=day(square.on, today, words),
            lunar=lunar(square.on, words),
            sales=square.sales,
            payouts=square.payouts,
        )
        days[square.on] = HeatDay(
            count=square.sales + square.payouts,
            lunar=moon.text.removesuffix(moon.day_text) if moon.day == 1 else moon.day_text,
            name=name,
            market=bool(
                set(_markets(rows, villages, square.on))
                & {town_of[sale.village_id] for sale in selling}
            ),
            firm=any(sale.confidence is not Confidence.HEARSAY for sale in selling)
            or square.payouts > 0,
        )
    return days


def _markets(rows: Rows, villages: list[Village], on: dt.date) -> list[str]:
    """Return the towns of *villages* that hold their market on a day."""
    towns = sorted({village.town for village in villages})
    return [town for town in towns if is_market_day(on, market_digits(rows, town))]


def _key(words: Words) -> ft.Control:
    def dot(color: ft.ColorValue, text: str) -> ft.Control:
        point = ft.Container(width=8, height=8, border_radius=8, bgcolor=color)
        return ft.Row([point, note(text)], spacing=6, tight=True)

    return ft.Row(
        [dot(EARTH, words("calendar.key_sale")), dot(LEAF, words("calendar.key_market"))],
        spacing=GAP,
        wrap=True,
    )


def _day_section(
    app: App,
    rows: Rows,
    villages: list[Village],
    sales: list[HarvestDate],
    *,
    on: dt.date,
    words: Words,
) -> ft.Control:
    there = [
        sale for sale in sales if sale.sale_from_on <= on <= sale.sale_to_on or sale.payout_on == on
    ]
    today = app.field.today()
    title = words("visit.when_lunar", day=day(on, today, words), lunar=lunar(on, words))
    towns = _markets(rows, villages, on)
    return section(
        title,
        note(words("day.market", towns=words("desk.comma").join(towns))) if towns else None,
        *[_sale_row(app, rows, sale, words) for sale in there[:LISTED_MAX]],
        None if there else note(words("calendar.nothing_that_day")),
    )


def _list_section(app: App, rows: Rows, sales: list[HarvestDate], words: Words) -> ft.Control:
    today = app.field.today()
    ahead = [sale for sale in sales if max(sale.sale_to_on, sale.payout_on) >= today]
    return section(
        words("calendar.ahead", n=len(ahead)),
        *[_sale_row(app, rows, sale, words) for sale in ahead[:LISTED_MAX]],
        None
        if ahead
        else empty_state(
            words("calendar.empty"),
            detail=words("calendar.empty_detail"),
            icon=ft.Icons.AGRICULTURE_OUTLINED,
        ),
    )


def _sale_row(app: App, rows: Rows, sale: HarvestDate, words: Words) -> ft.Control:
    today = app.field.today()
    village = village_name(rows, sale.village_id, words)
    crop = crop_name(rows, sale.crop_id, words)
    visits = [
        visit for visit in rows.where(Visit, harvest_date_id=sale.id) if visit.status in OPEN_VISITS
    ]
    tone = "plain" if sale.confidence is Confidence.HEARSAY else "harvest"
    planned = (
        badge(
            words("calendar.planned", day=day(visits[0].planned_on, today, words)),
            "good",
            icon=ft.Icons.DIRECTIONS_WALK,
        )
        if visits
        else badge(words("calendar.unplanned"), "wait", icon=ft.Icons.EVENT_OUTLINED)
    )
    return tap_card(
        strong(words("day.sale", village=village, crop=crop)),
        note(
            words(
                "calendar.days",
                sale=day(sale.sale_from_on, today, words),
                payout=day(sale.payout_on, today, words),
            )
        ),
        ft.Row(
            [badge(words.name(sale.confidence), tone), planned],
            wrap=True,
            spacing=6,
            run_spacing=4,
        ),
        on_click=lambda: app.navigation.open(
            f"/wm/visit/{visits[0].id}" if visits else f"/wm/schedule?sale={sale.id}"
        ),
        key=sale.id,
    )
