"""All referrals of the outlet: found by name or number, by state; each opens."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import flet as ft

from client.components.buttons import icon_button, secondary_button
from client.components.cards import badge, empty_state, tap_card
from client.components.chips import Option, choice_chips
from client.components.fields import text_field
from client.components.paging import PagedList
from client.components.text import note, strong
from client.components.when import clock
from client.design import GAP_S
from client.search import finds
from client.state import App, use_app, use_words, use_world
from client.strings import Words
from client.views.desk.leads import IN_HAND, is_overdue
from client.views.desk.naming import customer_name, referral_topic, staff_name, village_name
from client.views.desk.panes import wide_page
from client.views.desk.states import referral_badge
from client.views.desk.table import Head, TableRow, table
from client.views.workplace import screen
from shared.domain.referral import Referral, ReferralStatus
from shared.domain.rows import Rows

__all__ = ["ReferralsTab"]

S = ReferralStatus
GROUPS: dict[str, tuple[ReferralStatus, ...]] = {
    "all": tuple(S),
    "routed": (S.RECEIVED, S.ROUTED),
    "running": IN_HAND,
    "won": (S.SUCCEEDED, S.VERIFIED),
    "ended": (S.CARED_FOR, S.LOST, S.JOINED, S.VOID, S.WITHDRAWN),
}
TABLE_ROWS = 25


@screen
def ReferralsTab() -> ft.Control:
    """Show the outlet's referrals, the newest first: a table on a desk, a list on a phone."""
    app, words, rows = use_app(), use_words(), use_world()
    look, _ = ft.use_state(app.look)
    group, choose = ft.use_state("all")
    typed, search = ft.use_state("")
    start, go = ft.use_state(0)
    found = _found(rows, app.field.actor.outlet_id, GROUPS[group], typed, words)
    head = [
        ft.Row(
            [
                ft.Container(
                    text_field(
                        words("bh.search"),
                        typed,
                        search,
                        hint=words("bh.search_hint"),
                        length_max=30,
                    ),
                    expand=True,
                ),
                secondary_button(
                    words("lead.new"),
                    lambda: app.navigation.open("/postman/lead"),
                    icon=ft.Icons.PERSON_ADD_ALT_1,
                ),
            ],
            spacing=GAP_S,
        ),
        choice_chips(
            [Option(name, words(f"bh.group.{name}")) for name in GROUPS],
            group,
            choose,
            name=words("progress.groups"),
        ),
        note(words("bh.found", n=len(found))),
    ]
    is_narrowed = bool(typed.strip()) or group != "all"
    nothing = "bh.none_found" if is_narrowed else "bh.none_yet"
    empty = empty_state(words(nothing), detail=words(f"{nothing}_detail"))
    if look.wide:
        first = min(start, max(0, len(found) - 1) // TABLE_ROWS * TABLE_ROWS)
        shown = _table(app, rows, found[first : first + TABLE_ROWS], words) if found else empty
        return wide_page([*head, shown, _pages(first, len(found), go, words)])
    return PagedList(
        found,
        lambda lead: _row(app, rows, lead, words),
        head=head,
        empty=empty,
    )


def _found(
    rows: Rows, outlet_id: str, statuses: tuple[ReferralStatus, ...], typed: str, words: Words
) -> list[Referral]:
    """Return the referrals of these states whose people, village or numbers hold what was typed."""
    found = []
    for lead in rows.where(Referral, outlet_id=outlet_id):
        if lead.status not in statuses:
            continue
        texts = (
            customer_name(rows, lead.customer_id, words),
            staff_name(rows, lead.referrer_id, words),
            staff_name(rows, lead.wealth_manager_id, words) if lead.wealth_manager_id else "",
            village_name(rows, lead.village_id, words),
            lead.id,
            lead.voucher_number or "",
        )
        if finds(typed, texts, [str(lead.receipt_number or "")]):
            found.append(lead)
    return sorted(found, key=lambda lead: (lead.captured_to, lead.id), reverse=True)


def _pages(first: int, count: int, go: Callable[[int], None], words: Words) -> ft.Control:
    """Turn the pages of the table; nothing when there is one only."""
    if count <= TABLE_ROWS:
        return ft.Container()
    last = min(first + TABLE_ROWS, count)
    return ft.Row(
        [
            icon_button(
                ft.Icons.CHEVRON_LEFT,
                words("bh.page_before"),
                lambda: go(max(0, first - TABLE_ROWS)),
            ),
            note(words("bh.page", first=first + 1, last=last, n=count)),
            icon_button(
                ft.Icons.CHEVRON_RIGHT,
                words("bh.page_after"),
                lambda: go(first + TABLE_ROWS if last < count else first),
            ),
        ],
        alignment=ft.MainAxisAlignment.CENTER,
    )


def _row(app: App, rows: Rows, lead: Referral, words: Words) -> ft.Control:
    name = customer_name(rows, lead.customer_id, words)
    who = words(
        "bh.from_to",
        referrer=staff_name(rows, lead.referrer_id, words),
        manager=staff_name(rows, lead.wealth_manager_id, words)
        if lead.wealth_manager_id
        else words("bh.nobody"),
    )
    return tap_card(
        strong(name, max_lines=1),
        note(
            words("desk.dot").join(
                (village_name(rows, lead.village_id, words), referral_topic(lead, words))
            ),
            max_lines=2,
        ),
        note(who),
        ft.Row(_badges(app, lead, words), wrap=True, spacing=6, run_spacing=4),
        on_click=lambda: _open(app, lead),
        key=lead.id,
    )


def _table(app: App, rows: Rows, found: list[Referral], words: Words) -> ft.Control:
    now = app.field.now()
    return table(
        [
            Head(words("bh.column.customer"), part=2),
            Head(words("bh.column.village"), part=2),
            Head(words("bh.column.topic"), part=4),
            Head(words("bh.column.referrer"), part=2),
            Head(words("bh.column.manager"), part=2),
            Head(words("bh.column.when"), part=2),
            Head(words("bh.column.state"), width=150),
        ],
        [
            TableRow(
                cells=(
                    customer_name(rows, lead.customer_id, words),
                    village_name(rows, lead.village_id, words),
                    referral_topic(lead, words),
                    staff_name(rows, lead.referrer_id, words),
                    staff_name(rows, lead.wealth_manager_id, words)
                    if lead.wealth_manager_id
                    else words("bh.nobody"),
                    clock(lead.captured_to, now, words),
                    ft.Row(_badges(app, lead, words)[-1:]),
                ),
                on_open=partial(_open, app, lead),
            )
            for lead in found
        ],
    )


def _open(app: App, lead: Referral) -> None:
    kind = "duplicate" if lead.status is S.HELD else "referral"
    app.navigation.open(f"/bh/{kind}/{lead.id}")


def _badges(app: App, lead: Referral, words: Words) -> list[ft.Control]:
    badges = [referral_badge(lead.status, words)]
    if is_overdue(lead, app.field.now()):
        badges.append(badge(words("bh.is_late"), "bad", icon=ft.Icons.ALARM))
    return badges
