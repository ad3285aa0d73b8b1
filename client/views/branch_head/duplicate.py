"""A held lead beside the one that it may repeat: release it, or join it to the earlier one."""

from __future__ import annotations

from collections.abc import Callable

import flet as ft

from client.components.buttons import danger_button, primary_button, secondary_button
from client.components.cards import banner, card, empty_state, fact
from client.components.layout import stack
from client.components.text import heading, note, strong
from client.design import GAP
from client.state import App, use_app, use_words, use_world
from client.strings import Words
from client.views.desk.history import captured_when
from client.views.desk.naming import customer_name, referral_topic, staff_name, village_name
from client.views.desk.panes import detail_page
from client.views.desk.states import referral_badge
from client.views.workplace import screen
from shared.domain.customer import Customer
from shared.domain.referral import JoinReferral, NamedReferral, Referral, ReferralStatus
from shared.domain.rows import Rows

__all__ = ["DuplicatePanel", "DuplicateScreen", "held_line"]


def held_line(lead: Referral, words: Words) -> str:
    """Return why a lead is held."""
    key = f"held_reason.{lead.held_reason}"
    return words(key) if words.knows(key) else words("bh.held")


@screen
def DuplicateScreen(lead_id: str) -> ft.Control:
    """Show a held lead on a page of its own."""
    return ft.Column([DuplicatePanel(lead_id, key=lead_id)], spacing=0, expand=True)


@screen
def DuplicatePanel(lead_id: str) -> ft.Control:
    """Show the two leads side by side, with the three answers under them."""
    app, words, rows = use_app(), use_words(), use_world()
    look, _ = ft.use_state(app.look)
    lead = rows.get(Referral, lead_id)
    if lead is None:
        return empty_state(words("wm.lead_gone"))
    earlier = rows.get(Referral, lead.held_for_id) if lead.held_for_id else None

    async def release() -> None:
        await app.field.record("release_referral", NamedReferral(id=lead_id))
        _leave(app)
        app.tell(words("bh.released"), tone="good")

    async def join(assisted: bool) -> None:  # noqa: FBT001 - one of two answers
        await app.field.record("join_referral", JoinReferral(id=lead_id, assisted=assisted))
        _leave(app)
        app.tell(words("bh.joined"), tone="good")

    sides = [_side(app, rows, lead, "bh.this_one", words)]
    if earlier is not None:
        sides.insert(0, _side(app, rows, earlier, "bh.earlier_one", words))
    return detail_page(
        [
            banner(held_line(lead, words), detail=words("bh.held_detail")),
            ft.Row(
                [ft.Container(side, expand=1) for side in sides],
                vertical_alignment=ft.CrossAxisAlignment.START,
                spacing=GAP,
            )
            if look.wide
            else stack(*sides, spacing=GAP),
            _answers(words, release, join, has_earlier=earlier is not None)
            if lead.status is ReferralStatus.HELD
            else banner(words.name(lead.status), tone="good"),
        ]
    )


def _leave(app: App) -> None:
    if app.navigation.location.startswith("/bh/duplicate/"):
        app.navigation.back()


def _side(app: App, rows: Rows, lead: Referral, key: str, words: Words) -> ft.Control:
    customer = rows.get(Customer, lead.customer_id)
    now = app.field.now()
    return card(
        note(words(key)),
        heading(customer_name(rows, lead.customer_id, words)),
        ft.Row([referral_badge(lead.status, words)], wrap=True),
        fact(words("bh.village"), village_name(rows, lead.village_id, words)),
        fact(words("bh.topic"), referral_topic(lead, words)),
        fact(words("wm.referred_by"), staff_name(rows, lead.referrer_id, words)),
        fact(words("bh.captured"), captured_when(lead, now, words)),
        fact(words("bh.grade"), words(f"bh.grade.{lead.clock_grade}")),
        fact(words("bh.managed_by"), staff_name(rows, customer.managing_id, words))
        if customer and customer.managing_id
        else None,
        fact(words("wm.note"), lead.note) if lead.note else None,
        fact(words("bh.number"), words("bh.receipt", number=lead.receipt_number))
        if lead.receipt_number is not None
        else None,
    )


def _answers(
    words: Words,
    release: Callable[[], object],
    join: Callable[[bool], object],
    *,
    has_earlier: bool,
) -> ft.Control:
    return card(
        strong(words("bh.same_question")),
        stack(
            primary_button(words("bh.release"), release, icon=ft.Icons.CALL_SPLIT),
            note(words("bh.release_detail")),
            secondary_button(
                words("bh.join_assisted"),
                lambda: join(True),
                icon=ft.Icons.GROUP_ADD_OUTLINED,
                disabled=not has_earlier,
            ),
            note(words("bh.join_assisted_detail")),
            danger_button(words("bh.join"), lambda: join(False), icon=ft.Icons.MERGE),
            note(words("bh.join_detail")),
        ),
        spacing=GAP,
    )
