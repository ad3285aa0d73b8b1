"""A record that the server refused: why, what it said, and one tap that deals with it."""

from __future__ import annotations

import flet as ft

from client.components.buttons import quiet_button
from client.components.cards import banner
from client.components.when import clock
from client.design import TONES
from client.form import draft_name
from client.location import location
from client.state import App
from client.status import OutboxItem
from client.strings import Words
from client.views.about import said_record

__all__ = ["refusal_card"]

AGAIN = {
    "submit_referral": ("lead", "/postman/lead"),
    "report_harvest_date": ("sale", "/postman/sale"),
    "open_care_card": ("care", "/postman/care"),
}
"""What can be recorded anew from what was typed: the draft of which form, and where it is."""

FIELDS = {
    "lead": {
        "customer_name": "name",
        "phone": "phone",
        "need": "need",
        "interest": "interest",
        "village_id": "village_id",
        "harvest_date_id": "harvest_date_id",
        "kind": "kind",
        "mode": "mode",
        "source": "source",
        "amount_band": "amount_band",
        "note": "note",
    },
    "sale": {
        "village_id": "village_id",
        "crop_id": "crop_id",
        "sale_from_on": "from_on",
        "sale_to_on": "to_on",
        "confidence": "confidence",
        "note": "note",
    },
    "care": {
        "customer_name": "name",
        "phone": "phone",
        "reason": "reason",
        "need": "need",
        "village_id": "village_id",
        "next_contact_on": "next_on",
        "note": "note",
    },
}


def refusal_card(app: App, op: OutboxItem, words: Words) -> ft.Control:
    """Say why, and offer to record it anew with all that was typed, or to let it be."""
    problem = op.problem
    why = words.problem(problem.slug, problem.facts) if problem else words("problem.unknown")
    remedy = words.remedy(problem.slug) if problem else ""
    what = words(
        "refusal.what",
        what=said_record(app.field.world, op, words),
        when=clock(op.recorded_at, app.field.now(), words),
    )

    async def again() -> None:
        form, path = AGAIN[op.name]
        args = app.field.args_of(op.seq)
        values = {mine: args.get(theirs) for theirs, mine in FIELDS[form].items()}
        village_id = values.get("village_id")
        about = village_id if isinstance(village_id, str) else None
        app.field.drafts.keep(draft_name(form, about), {**values, "id": app.field.new_id()})
        await app.field.acknowledge(op.seq)
        app.navigation.open(location(path, village=about))

    async def seen() -> None:
        await app.field.acknowledge(op.seq)
        app.tell(words("refusal.seen_done"))

    actions = []
    if op.name in AGAIN:
        actions.append(
            quiet_button(
                words("refusal.again"), again, icon=ft.Icons.REPLAY, color=TONES["bad"].ink
            )
        )
    actions.append(
        quiet_button(words("refusal.seen"), seen, icon=ft.Icons.CHECK, color=TONES["bad"].ink)
    )
    return banner(
        what,
        tone="bad",
        icon=ft.Icons.ERROR_OUTLINE,
        detail=words.joined(why, remedy, words("refusal.kept")),
        actions=actions,
    )
