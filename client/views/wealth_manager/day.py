"""My day: what I am going to, what sells and is paid where, what clashes; day by day."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import flet as ft

from client.components.buttons import icon_button, quiet_button
from client.components.cards import banner, card, empty_state, section, tap_card
from client.components.charts.timeline import Moment, timeline
from client.components.layout import page_body
from client.components.text import body, note, strong
from client.components.when import day, lunar
from client.design import GAP_S
from client.state import App, use_app, use_words, use_world
from client.strings import Words
from client.views.desk.naming import crop_name, staff_name, village_name
from client.views.desk.panes import panes
from client.views.desk.states import visit_badge
from client.views.postman.rows import care_row
from client.views.wealth_manager.clash_words import clash_line
from client.views.wealth_manager.day_map import day_map
from client.views.workplace import screen
from shared.domain.day_plan import DayPlan, day_plan, sales_without_visit
from shared.domain.harvest import HarvestDate
from shared.domain.rows import Rows
from shared.domain.visit import Visit, VisitStatus

__all__ = ["DayTab"]

SUGGESTED_MAX = 20
PANE_WIDTH = 540


@screen
def DayTab() -> ft.Control:
    """Show one day as a timeline, and the sales that nobody goes to yet."""
    app, words, rows = use_app(), use_words(), use_world()
    look, _ = ft.use_state(app.look)
    today = app.field.today()
    away, go = ft.use_state(0)
    on = today + dt.timedelta(days=away)
    plan = day_plan(rows, app.field.me.id, on)
    moments = _moments(app, rows, plan, words)
    unvisited = sales_without_visit(rows, app.field.me.id, today)
    of_day: list[ft.Control] = [
        _days(on, today, away, go, words),
        *[
            banner(clash_line(rows, clash, words), icon=ft.Icons.EVENT_BUSY_OUTLINED)
            for clash in plan.clashes
        ],
        timeline(moments)
        if moments
        else empty_state(
            words("day.free"), detail=words("day.free_detail"), icon=ft.Icons.EVENT_OUTLINED
        ),
    ]
    around = [
        *day_map(app, rows, plan, words),
        *_proposed(app, rows, words),
        section(
            words("day.unvisited", n=len(unvisited)),
            *[_unvisited(app, rows, sale, words) for sale in unvisited[:SUGGESTED_MAX]],
            None if unvisited else note(words("day.all_visited")),
        ),
        ft.Container(height=GAP_S),
    ]
    if look.wide:
        return panes(of_day, page_body(around), nothing_chosen="", width=PANE_WIDTH)
    return page_body([*of_day, *around])


def _days(
    on: dt.date, today: dt.date, away: int, go: Callable[[int], object], words: Words
) -> ft.Control:
    said = ft.Column(
        [strong(day(on, today, words)), note(words("day.lunar", lunar=lunar(on, words)))],
        spacing=0,
        tight=True,
        horizontal_alignment=ft.CrossAxisAlignment.CENTER,
    )
    return ft.Row(
        [
            icon_button(ft.Icons.CHEVRON_LEFT, words("day.before"), lambda: go(away - 1)),
            ft.Container(said, expand=True, alignment=ft.Alignment.CENTER),
            quiet_button(words("when.today"), lambda: go(0)) if away else ft.Container(),
            icon_button(ft.Icons.CHEVRON_RIGHT, words("day.after"), lambda: go(away + 1)),
        ]
    )


def _proposed(app: App, rows: Rows, words: Words) -> list[ft.Control]:
    """Show what colleagues propose, whatever the day: nobody looks for it where it is."""
    proposed = rows.where(Visit, wealth_manager_id=app.field.me.id, status=VisitStatus.PROPOSED)
    if not proposed:
        return []
    shown = sorted(proposed, key=lambda visit: (visit.planned_on, visit.id))[:SUGGESTED_MAX]
    return [
        section(
            words("day.proposed", n=len(proposed)),
            *[_visit(app, rows, visit, words) for visit in shown],
        )
    ]


def _moments(app: App, rows: Rows, plan: DayPlan, words: Words) -> list[Moment]:
    moments = [
        Moment(
            icon=ft.Icons.STOREFRONT_OUTLINED,
            content=body(words("day.market", towns=words("desk.comma").join(plan.market_towns))),
        )
    ]
    if not plan.market_towns:
        moments = []
    moments += [
        Moment(
            icon=ft.Icons.DIRECTIONS_WALK,
            tone="good",
            content=_visit(app, rows, visit, words),
        )
        for visit in plan.visits
    ]
    moments += [
        Moment(
            icon=ft.Icons.AGRICULTURE_OUTLINED,
            tone="harvest",
            content=_sale(rows, sale, "day.sale", words),
        )
        for sale in plan.sales
    ]
    moments += [
        Moment(
            icon=ft.Icons.PAYMENTS_OUTLINED,
            tone="harvest",
            content=_sale(rows, sale, "day.payout", words),
        )
        for sale in plan.payouts
    ]
    moments += [
        Moment(
            icon=ft.Icons.FAVORITE_BORDER,
            tone="wait",
            content=care_row(app, rows, one, app.field.today(), words),
        )
        for one in plan.follow_ups[:SUGGESTED_MAX]
    ]
    return moments


def _visit(app: App, rows: Rows, visit: Visit, words: Words) -> ft.Control:
    where = village_name(rows, visit.village_id, words)
    people = words("day.customers", n=len(visit.referral_ids))
    kit = words("day.kit", packed=len(visit.kit_packed), all=len(visit.kit))
    helpers = words("desk.comma").join(staff_name(rows, one, words) for one in visit.helper_ids)
    said = [people, *([kit] if visit.kit else []), *([helpers] if helpers else [])]
    return tap_card(
        strong(words("day.visit", village=where)),
        note(words("desk.dot").join(said)),
        ft.Row([visit_badge(visit.status, words)]),
        on_click=lambda: app.navigation.open(f"/wm/visit/{visit.id}"),
        key=visit.id,
    )


def _sale(rows: Rows, sale: HarvestDate, key: str, words: Words) -> ft.Control:
    return card(
        body(
            words(
                key,
                village=village_name(rows, sale.village_id, words),
                crop=crop_name(rows, sale.crop_id, words),
            )
        ),
        note(
            words("day.sale_is", confidence=words.name(sale.confidence), n=sale.households)
            if sale.households
            else words.name(sale.confidence)
        ),
        spacing=2,
    )


def _unvisited(app: App, rows: Rows, sale: HarvestDate, words: Words) -> ft.Control:
    village = village_name(rows, sale.village_id, words)
    crop = crop_name(rows, sale.crop_id, words)
    return tap_card(
        strong(words("day.sale", village=village, crop=crop)),
        note(
            words(
                "visit.sale_is",
                crop=crop,
                sale=day(sale.sale_from_on, app.field.today(), words),
                payout=day(sale.payout_on, app.field.today(), words),
            )
        ),
        leading=ft.Icon(ft.Icons.EVENT_OUTLINED),
        on_click=lambda: app.navigation.open(f"/wm/schedule?sale={sale.id}"),
        key=sale.id,
    )
