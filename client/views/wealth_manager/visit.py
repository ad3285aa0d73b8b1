"""A visit: the kit, the arrival, whom to meet, what was done there, who came along."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import flet as ft

from client.components.attachments import AttachmentsPart
from client.components.buttons import primary_button, quiet_button, secondary_button
from client.components.cards import banner, card, empty_state, fact, section
from client.components.chips import Option, toggle_chips
from client.components.layout import bottom_action
from client.components.text import heading, note
from client.components.when import clock, day, lunar
from client.design import WARN
from client.state import App, use_app, use_words, use_world
from client.strings import Words
from client.views.desk.naming import crop_name, staff_name, tag_name, village_name
from client.views.desk.panes import detail_page
from client.views.desk.reasons import ReasonPanel
from client.views.desk.states import visit_badge
from client.views.wealth_manager.clash_words import clash_line
from client.views.wealth_manager.finish import FinishPanel
from client.views.wealth_manager.lead_rows import lead_row
from client.views.workplace import screen
from shared.domain.attachment import AttachmentObject
from shared.domain.day_plan import clashes
from shared.domain.harvest import HarvestDate
from shared.domain.referral import Referral
from shared.domain.rows import Rows
from shared.domain.visit import (
    CheckInVisit,
    EndVisit,
    PackKit,
    Visit,
    VisitAction,
    VisitStatus,
)

__all__ = ["VisitScreen"]

S = VisitStatus
MISS_REASONS = ("visit.reason.car", "visit.reason.weather", "visit.reason.ill")
CANCEL_REASONS = ("visit.reason.sale_off", "visit.reason.sale_moved", "visit.reason.customer")


@screen
def VisitScreen(visit_id: str) -> ft.Control:
    """Show a visit, and what can be done about it now."""
    app, words, rows = use_app(), use_words(), use_world()
    doing, do = ft.use_state("")
    visit = rows.get(Visit, visit_id)
    if visit is None:
        return empty_state(words("visit.gone"))

    async def end(action: VisitAction, reason: str) -> None:
        await app.field.record("end_visit", EndVisit(id=visit_id, action=action, reason=reason))
        app.tell(words(f"visit.ended.{action}"))
        do("")

    panel: ft.Control | None = None
    if doing == "finish" and visit.status is S.UNDER_WAY:
        panel = FinishPanel(visit, lambda: do(""))
    elif doing in {VisitAction.MISS, VisitAction.CANCEL}:
        action = VisitAction(doing)
        reasons = MISS_REASONS if action is VisitAction.MISS else CANCEL_REASONS
        panel = ReasonPanel(
            words(f"visit.why.{action}"),
            [words(key) for key in reasons],
            words(f"visit.confirm.{action}"),
            lambda reason: end(action, reason),
            lambda: do(""),
            draft=f"{action}:{visit_id}",
            detail=words("visit.why_detail"),
        )
    leads = [lead for one in visit.referral_ids if (lead := rows.get(Referral, one))]
    shown = [
        _header(app, rows, visit, words),
        *[
            banner(clash_line(rows, clash, words), icon=ft.Icons.EVENT_BUSY_OUTLINED)
            for clash in clashes(rows, visit.wealth_manager_id, visit.planned_on)
            if clash.visit_id == visit.id
        ],
        panel,
        _kit(app, visit, words),
        section(
            words("visit.customers", n=len(leads)),
            *[
                lead_row(
                    app,
                    rows,
                    lead,
                    words,
                    partial(app.navigation.open, f"/wm/lead/{lead.id}"),
                )
                for lead in leads
            ],
            None if leads else note(words("visit.no_customers")),
        ),
        AttachmentsPart(AttachmentObject.VISIT, visit.id),
        _ways_out(app, visit, words, do),
    ]
    return detail_page(shown, footer=None if panel else _next_step(app, visit, words, do))


def _header(app: App, rows: Rows, visit: Visit, words: Words) -> ft.Control:
    sale = rows.get(HarvestDate, visit.harvest_date_id) if visit.harvest_date_id else None
    today = app.field.today()
    dot = words("desk.comma")
    return card(
        heading(village_name(rows, visit.village_id, words)),
        ft.Row([visit_badge(visit.status, words)]),
        fact(
            words("visit.when"),
            words(
                "visit.when_lunar",
                day=day(visit.planned_on, today, words),
                lunar=lunar(visit.planned_on, words),
            ),
        ),
        fact(
            words("visit.sale"),
            words(
                "visit.sale_is",
                crop=crop_name(rows, sale.crop_id, words),
                sale=day(sale.sale_from_on, today, words),
                payout=day(sale.payout_on, today, words),
            ),
        )
        if sale
        else None,
        fact(
            words("visit.helpers"),
            dot.join(staff_name(rows, one, words) for one in visit.helper_ids),
        )
        if visit.helper_ids
        else None,
        fact(words("visit.arrived"), clock(visit.checked_in_at, app.field.now(), words))
        if visit.checked_in_at
        else None,
        fact(words("visit.done"), visit.help_done) if visit.help_done else None,
        fact(words("visit.brought"), words("visit.escorted_n", n=visit.escorted))
        if visit.status is S.DONE
        else None,
        fact(words("visit.ended"), visit.ended_reason) if visit.ended_reason else None,
    )


def _kit(app: App, visit: Visit, words: Words) -> ft.Control | None:
    if not visit.kit:
        return None
    can_pack = visit.status in {S.PROPOSED, S.SCHEDULED}

    async def toggle(item: str) -> None:
        packed = tuple(one for one in visit.kit if (one in visit.kit_packed) != (one == item))
        await app.field.record("pack_kit", PackKit(id=visit.id, packed=packed))

    name = words("visit.kit", packed=len(visit.kit_packed), all=len(visit.kit))
    items = [Option(item, tag_name(item, words)) for item in visit.kit]
    if can_pack:
        return section(name, toggle_chips(items, visit.kit_packed, toggle, name=name))
    return section(name, note(words("desk.comma").join(item.label for item in items)))


def _next_step(
    app: App, visit: Visit, words: Words, do: Callable[[str], object]
) -> ft.Control | None:
    async def check_in() -> None:
        await app.field.record("check_in_visit", CheckInVisit(id=visit.id))
        app.tell(words("visit.checked_in"), tone="good")

    if visit.status is S.SCHEDULED and app.field.today() >= visit.planned_on:
        return bottom_action(
            primary_button(
                words("visit.check_in"), check_in, icon=ft.Icons.PLACE_OUTLINED, expand=True
            )
        )
    if visit.status is S.UNDER_WAY:
        return bottom_action(
            primary_button(
                words("visit.finish"), lambda: do("finish"), icon=ft.Icons.CHECK, expand=True
            )
        )
    if visit.status is S.PROPOSED:
        return bottom_action(_replan(app, visit, words, expand=True))
    return None


def _ways_out(
    app: App, visit: Visit, words: Words, do: Callable[[str], object]
) -> ft.Control | None:
    if visit.status not in {S.PROPOSED, S.SCHEDULED}:
        return None
    return section(
        words("visit.change"),
        ft.Row(
            [
                _replan(app, visit, words),
                quiet_button(words("visit.miss"), lambda: do(VisitAction.MISS.value), color=WARN)
                if visit.status is S.SCHEDULED and app.field.today() >= visit.planned_on
                else ft.Container(),
                quiet_button(
                    words("visit.cancel"), lambda: do(VisitAction.CANCEL.value), color=WARN
                ),
            ],
            wrap=True,
        ),
    )


def _replan(app: App, visit: Visit, words: Words, *, expand: bool = False) -> ft.Control:
    return secondary_button(
        words("visit.replan"),
        lambda: app.navigation.open(f"/wm/schedule?visit={visit.id}"),
        icon=ft.Icons.EDIT_CALENDAR_OUTLINED,
        expand=expand,
    )
