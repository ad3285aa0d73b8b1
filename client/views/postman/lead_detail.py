"""One lead: how far it has come, who has it, and what its author may still do."""

from __future__ import annotations

import flet as ft

from client.actions.leads import withdraw_lead
from client.components.attachments import AttachmentsPart
from client.components.buttons import danger_button, secondary_button
from client.components.cards import banner, card, empty_state, fact, section
from client.components.layout import page_body
from client.components.text import note
from client.components.when import clock
from client.design import GAP_S
from client.location import location
from client.state import App, use_app, use_words, use_world
from client.status import OutboxState
from client.strings import Words
from client.views.labels import customer_name, sale_line, village_name
from client.views.postman.phone_line import PhoneLine
from client.views.progress import progress_line
from client.views.refusal import refusal_card
from client.views.workplace import screen
from shared.domain.attachment import AttachmentObject
from shared.domain.harvest import HarvestDate
from shared.domain.points import PointsEntry
from shared.domain.referral import Referral, ReferralStatus
from shared.domain.rows import Rows

__all__ = ["LeadScreen"]

STILL_MINE = frozenset(
    {
        ReferralStatus.RECEIVED,
        ReferralStatus.HELD,
        ReferralStatus.UNASSIGNED,
        ReferralStatus.ROUTED,
    }
)


@screen
def LeadScreen(referral_id: str) -> ft.Control:
    """Show the lead, its way so far, and its points."""
    app, words, rows = use_app(), use_words(), use_world()
    referral = rows.get(Referral, referral_id)
    ops = app.field.ops_about(referral_id)
    refused = [op for op in ops if op.state is OutboxState.REJECTED]
    if referral is None:
        # Refused by the server: the row is gone, what was typed is not.
        return page_body(
            [refusal_card(app, op, words) for op in refused]
            or [empty_state(words("record.gone"), icon=ft.Icons.SEARCH_OFF)]
        )
    return page_body(
        [
            *(refusal_card(app, op, words) for op in refused if not op.is_seen),
            _facts(app, rows, referral, words),
            section(words("lead.progress"), card(*progress_line(app, rows, referral, words))),
            AttachmentsPart(AttachmentObject.REFERRAL, referral.id),
            _points(app, rows, referral, words),
            _actions(app, referral, words),
            ft.Container(height=GAP_S),
        ]
    )


def _facts(app: App, rows: Rows, referral: Referral, words: Words) -> ft.Control:
    sale = rows.get(HarvestDate, referral.harvest_date_id) if referral.harvest_date_id else None
    facts = [
        fact(words("lead.customer"), customer_name(rows, referral.customer_id)),
        PhoneLine(referral.customer_id),
        fact(words("fact.village"), village_name(rows, referral.village_id)),
        fact(words("fact.need"), words.name(referral.need)),
        fact(words("lead.interest"), words.name(referral.interest)),
    ]
    if referral.amount_band is not None:
        facts.append(fact(words("lead.amount"), words.name(referral.amount_band)))
    if sale is not None:
        facts.append(fact(words("lead.sale"), sale_line(rows, sale, app.field.today(), words)))
    if referral.note:
        facts.append(fact(words("lead.note"), referral.note))
    facts.append(fact(words("lead.at"), clock(referral.captured_to, app.field.now(), words)))
    return card(*facts)


def _points(app: App, rows: Rows, referral: Referral, words: Words) -> ft.Control:
    entries = [
        entry
        for entry in rows.where(PointsEntry, payee_id=app.field.me.id)
        if entry.evidence_id == referral.id
    ]
    if not entries:
        return note(words("lead.no_points"))
    total = sum(entry.points for entry in entries)
    return section(
        words("lead.points"),
        secondary_button(
            words("points.why_sum", n=total),
            lambda: app.navigation.open(location(f"/points/{entries[0].id}")),
            icon=ft.Icons.STARS_OUTLINED,
        ),
    )


def _actions(app: App, referral: Referral, words: Words) -> ft.Control:
    if referral.referrer_id != app.field.me.id:
        return ft.Container(height=0)
    if referral.status not in STILL_MINE:
        ended = f"lead.settled.{referral.status}"
        return note(words(ended if words.knows(ended) else "lead.settled"))

    async def withdraw() -> None:
        await withdraw_lead(app.field, referral.id, words("lead.withdrawn_reason"))
        app.tell(words("lead.withdrawn"))

    buttons: list[ft.Control] = [
        secondary_button(
            words("lead.correct"),
            lambda: app.navigation.open(f"/postman/lead/{referral.id}/correct"),
            icon=ft.Icons.EDIT_OUTLINED,
        ),
        secondary_button(
            words("lead.to_care"),
            lambda: app.navigation.open(location("/postman/care", referral=referral.id)),
            icon=ft.Icons.FAVORITE_BORDER,
        ),
        danger_button(words("lead.withdraw"), withdraw, icon=ft.Icons.UNDO),
    ]
    if referral.status is ReferralStatus.HELD:
        buttons.insert(0, banner(words("lead.held"), detail=words("lead.held_detail")))
    return ft.Column(buttons, spacing=GAP_S, horizontal_alignment=ft.CrossAxisAlignment.STRETCH)
