"""A lead and its customer: what to do next, why it is mine, how to reach them, the three parts."""

from __future__ import annotations

from collections.abc import Callable

import flet as ft

from client.components.attachments import AttachmentsPart
from client.components.buttons import primary_button, quiet_button, secondary_button
from client.components.cards import banner, card, empty_state, fact, section, tap_card
from client.components.layout import bottom_action
from client.components.text import body, heading, note, strong
from client.components.when import clock, day
from client.design import GAP_S, WARN
from client.state import App, use_app, use_words, use_world
from client.strings import Words
from client.views.desk.contact import ContactCard
from client.views.desk.leads import IN_HAND
from client.views.desk.naming import customer_name, referral_topic, staff_name, village_name
from client.views.desk.panes import detail_page
from client.views.desk.parts import parts_card
from client.views.desk.states import visit_badge
from client.views.desk.why import why_lines
from client.views.wealth_manager.answers import DeclinePanel, accept
from client.views.wealth_manager.lead_rows import lead_badges
from client.views.wealth_manager.meeting import MeetPanel
from client.views.workplace import screen
from shared.domain.attachment import AttachmentObject
from shared.domain.customer import Customer
from shared.domain.referral import Referral, ReferralMode, ReferralStatus
from shared.domain.rows import Rows
from shared.domain.visit import Visit

__all__ = ["LeadPanel", "LeadScreen"]

S = ReferralStatus
DECLINING, MEETING = "declining", "meeting"


@screen
def LeadScreen(lead_id: str) -> ft.Control:
    """Show a lead on a page of its own."""
    return ft.Column([LeadPanel(lead_id, key=lead_id)], spacing=0, expand=True)


@screen
def LeadPanel(lead_id: str) -> ft.Control:
    """Show all of a lead, what comes next at the bottom."""
    app, words, rows = use_app(), use_words(), use_world()
    doing, do = ft.use_state("")
    lead = rows.get(Referral, lead_id)
    if lead is None:
        return empty_state(words("wm.lead_gone"), detail=words("wm.lead_gone_detail"))
    name = customer_name(rows, lead.customer_id, words)
    is_mine = lead.wealth_manager_id == app.field.me.id
    panel: ft.Control | None = None
    if doing == DECLINING and lead.status is S.ROUTED:
        panel = DeclinePanel(lead.id, name, lambda: do(""))
    elif doing == MEETING and lead.status in IN_HAND:
        panel = MeetPanel(lead, lambda: do(""))
    why = section(words("wm.why"), _why(app, rows, lead, words))
    is_new = lead.status is S.ROUTED
    shown = [
        _header(app, rows, lead, words),
        _standing(lead, words),
        panel,
        _visit_row(app, rows, lead, words),
        why if is_new else None,
        section(words("wm.reach"), ContactCard(lead, may_call=is_mine)),
        section(words("parts.title"), parts_card(rows, lead, words)),
        AttachmentsPart(AttachmentObject.REFERRAL, lead.id),
        None if is_new else why,
        _more(app, lead, words) if is_mine and lead.status in IN_HAND else None,
    ]
    footer = None if panel or not is_mine else _next_step(app, rows, lead, words, do)
    return detail_page(shown, footer=footer)


def _header(app: App, rows: Rows, lead: Referral, words: Words) -> ft.Control:
    customer = rows.get(Customer, lead.customer_id)
    mode = "wm.mode_information" if lead.mode is ReferralMode.INFORMATION else "wm.mode_handed"
    return card(
        heading(customer_name(rows, lead.customer_id, words)),
        ft.Row(lead_badges(app, rows, lead, words), wrap=True, spacing=6, run_spacing=4),
        body(referral_topic(lead, words)),
        fact(
            words("wm.from"),
            words.name(customer.kind if customer else lead.kind)
            + words("desk.dot")
            + village_name(rows, lead.village_id, words),
        ),
        fact(
            words("wm.referred_by"),
            words(
                "wm.referred_by_when",
                name=staff_name(rows, lead.referrer_id, words),
                when=clock(lead.captured_to, app.field.now(), words),
            ),
        ),
        fact(words("wm.mode"), words(mode)),
        fact(words("wm.note"), lead.note) if lead.note else None,
        fact(words("wm.cues"), words("desk.comma").join(customer.cues))
        if customer and customer.cues
        else None,
    )


def _standing(lead: Referral, words: Words) -> ft.Control | None:
    """Say what has become of a lead that is no longer worked on."""
    if lead.status is S.SUCCEEDED:
        return banner(
            words("wm.waits_for_check"),
            detail=words("wm.voucher_is", number=lead.voucher_number or ""),
            icon=ft.Icons.RECEIPT_LONG_OUTLINED,
        )
    if lead.status is S.VERIFIED:
        return banner(words("wm.checked"), tone="good", icon=ft.Icons.VERIFIED_OUTLINED)
    if lead.ended_reason:
        return banner(words.name(lead.status), tone="plain", detail=lead.ended_reason)
    return None


def _visit_row(app: App, rows: Rows, lead: Referral, words: Words) -> ft.Control | None:
    visit = rows.get(Visit, lead.visit_id) if lead.visit_id else None
    if visit is None:
        return None
    when = day(visit.planned_on, app.field.today(), words)
    where = village_name(rows, visit.village_id, words)
    return tap_card(
        strong(words("wm.visit_on", day=when)),
        note(where),
        ft.Row([visit_badge(visit.status, words)]),
        leading=ft.Icon(ft.Icons.DIRECTIONS_WALK),
        on_click=lambda: app.navigation.open(f"/wm/visit/{visit.id}"),
    )


def _why(app: App, rows: Rows, lead: Referral, words: Words) -> ft.Control:
    lines = why_lines(rows, lead, app.field.me.id, words)
    return card(
        *[note(line) for line in lines[:-1]],
        ft.Row(
            [
                ft.Icon(ft.Icons.ARROW_RIGHT_ALT, size=20),
                strong(lines[-1], expand=True),
            ],
            spacing=GAP_S,
        ),
        spacing=6,
    )


def _next_step(
    app: App, rows: Rows, lead: Referral, words: Words, do: Callable[[str], object]
) -> ft.Control | None:
    """Offer what comes next, under the thumb."""
    meet = primary_button(
        words("wm.met"), lambda: do(MEETING), icon=ft.Icons.PEOPLE_OUTLINE, expand=True
    )
    if lead.status is S.ROUTED:
        return bottom_action(
            quiet_button(words("wm.decline"), lambda: do(DECLINING), color=WARN),
            primary_button(
                words("wm.accept"),
                lambda: accept(app, rows, lead, words),
                icon=ft.Icons.CHECK,
                expand=True,
            ),
        )
    if lead.status in {S.ACCEPTED, S.HANDED_OVER}:
        return bottom_action(
            secondary_button(words("wm.met"), lambda: do(MEETING), expand=True),
            primary_button(
                words("wm.plan_visit"),
                lambda: app.navigation.open(f"/wm/schedule?lead={lead.id}"),
                icon=ft.Icons.EVENT_OUTLINED,
                expand=True,
            ),
        )
    if lead.status is S.VISIT_SET:
        return bottom_action(meet)
    if lead.status is S.MET:
        return bottom_action(
            primary_button(
                words("wm.succeed"),
                lambda: app.navigation.open(f"/wm/lead/{lead.id}/succeed"),
                icon=ft.Icons.RECEIPT_LONG_OUTLINED,
                expand=True,
            )
        )
    return None


def _more(app: App, lead: Referral, words: Words) -> ft.Control:
    """Offer the ways out: later by a care card, or not at all."""
    return section(
        words("wm.otherwise"),
        ft.Row(
            [
                secondary_button(
                    words("wm.care"),
                    lambda: app.navigation.open(f"/wm/lead/{lead.id}/care"),
                    icon=ft.Icons.FAVORITE_BORDER,
                    expand=True,
                ),
                quiet_button(
                    words("wm.lose"),
                    lambda: app.navigation.open(f"/wm/lead/{lead.id}/lose"),
                    color=WARN,
                ),
            ],
            spacing=GAP_S,
        ),
        quiet_button(
            words("wm.visit_again"),
            lambda: app.navigation.open(f"/wm/schedule?lead={lead.id}"),
            icon=ft.Icons.EVENT_OUTLINED,
        )
        if lead.status in {S.VISIT_SET, S.MET}
        else None,
    )
