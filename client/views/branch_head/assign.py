"""Give a lead to a wealth manager: who covers what, who has room, who is away."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass

import flet as ft

from client.components.buttons import primary_button, quiet_button
from client.components.cards import card
from client.components.chips import Option, choice_chips
from client.components.screen import screen
from client.components.text import note, strong
from client.state import use_app, use_words, use_world
from client.strings import Words
from client.views.desk.naming import staff_name, village_name
from shared.domain.day_plan import leads_for, leads_in_hand
from shared.domain.people import Role, Staff, WealthManagerProfile, is_on_leave
from shared.domain.referral import AssignReferral, Referral
from shared.domain.rows import Rows
from shared.domain.village import Village

__all__ = ["AssignPanel", "Candidate", "candidates_for"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A wealth manager who could take a lead, and what speaks for or against it."""

    staff: Staff
    open_leads: int
    leads_max: int | None
    is_away: bool
    covers_village: bool


def candidates_for(rows: Rows, lead: Referral, today: dt.date) -> list[Candidate]:
    """Return who could take *lead*, never its referrer: the village's own, then by free room."""
    village = rows.get(Village, lead.village_id) if lead.village_id else None
    covering = {village.wealth_manager_id, village.backup_wealth_manager_id} if village else set()
    found = []
    for staff in rows.where(Staff, outlet_id=lead.outlet_id, active=True):
        if Role.WEALTH_MANAGER not in staff.roles or staff.id == lead.referrer_id:
            continue
        profiles = rows.where(WealthManagerProfile, staff_id=staff.id)
        found.append(
            Candidate(
                staff=staff,
                open_leads=len(leads_for(rows, staff.id)) + len(leads_in_hand(rows, staff.id)),
                leads_max=profiles[0].leads_max if profiles else None,
                is_away=is_on_leave(rows, staff.id, today),
                covers_village=staff.id in covering,
            )
        )
    return sorted(
        found,
        key=lambda one: (one.is_away, not one.covers_village, one.open_leads, one.staff.id),
    )


@screen
def AssignPanel(lead: Referral, on_done: Callable[[], object]) -> ft.Control:
    """Let a wealth manager be chosen; a visit that was planned by another one is off."""
    app, words, rows = use_app(), use_words(), use_world()
    candidates = [
        one
        for one in candidates_for(rows, lead, app.field.today())
        if one.staff.id != lead.wealth_manager_id
    ]
    fit = next((one.staff.id for one in candidates if not one.is_away), "")
    chosen, choose = ft.use_state(fit)
    question = words("bh.assign_whom")

    async def assign() -> None:
        await app.field.record(
            "assign_referral", AssignReferral(id=lead.id, wealth_manager_id=chosen)
        )
        app.tell(words("bh.assigned", name=staff_name(rows, chosen, words)), tone="good")
        on_done()

    return card(
        strong(question),
        note(words("bh.assign_detail")) if lead.visit_id else None,
        choice_chips(
            [
                Option(one.staff.id, one.staff.name, hint=_hint(rows, lead, one, words))
                for one in candidates
            ],
            chosen,
            choose,
            name=question,
        )
        if candidates
        else note(words("bh.assign_nobody")),
        ft.Row(
            [
                primary_button(
                    words("bh.assign_confirm"),
                    assign,
                    icon=ft.Icons.PERSON_ADD_ALT,
                    expand=True,
                    disabled=not chosen,
                ),
                quiet_button(words("desk.cancel"), on_done),
            ]
        ),
    )


def _hint(rows: Rows, lead: Referral, one: Candidate, words: Words) -> str:
    room = (
        words("bh.room", n=one.open_leads, max=one.leads_max)
        if one.leads_max
        else words("bh.room_unknown", n=one.open_leads)
    )
    parts = [room]
    if one.covers_village:
        parts.append(words("bh.covers", village=village_name(rows, lead.village_id, words)))
    if one.is_away:
        parts.append(words("bh.away"))
    return words("desk.dot").join(parts)
