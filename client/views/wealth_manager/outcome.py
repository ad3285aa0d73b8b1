"""What came of a lead: a success with its voucher, a care card for later, or nothing."""

from __future__ import annotations

import datetime as dt

import flet as ft

from client.components.buttons import primary_button
from client.components.cards import banner, section
from client.components.chips import Option, choice_chips
from client.components.dates import day_chips
from client.components.fields import text_field
from client.components.layout import bottom_action, page_body
from client.components.text import note, strong
from client.form import use_form
from client.state import use_app, use_words, use_world
from client.views.desk.leads import cash_on
from client.views.desk.naming import customer_name
from client.views.desk.reasons import ReasonPanel
from client.views.workplace import screen
from shared.domain.care_card import CareReason, OpenCareCard
from shared.domain.referral import AmountBand, ReasonedReferral, Referral, SucceedReferral
from shared.domain.rows import demand

__all__ = ["CareScreen", "LoseScreen", "SucceedScreen"]

VOUCHER_MIN, VOUCHER_MAX = 4, 15
LOSE_REASONS = ("lose.elsewhere", "lose.not_interested", "lose.no_money", "lose.not_reached")
CARE_DAYS = (3, 7, 14, 30)


@screen
def SucceedScreen(lead_id: str) -> ft.Control:
    """Record a success by the outlet's own slip number and the band of the sum."""
    app, words, rows = use_app(), use_words(), use_world()
    lead = demand(rows, Referral, lead_id)
    form, _ = use_form(f"succeed:{lead_id}", lambda: {"number": "", "band": lead.amount_band})
    ft.use_state(form)
    number, band = form.text("number"), form.chosen(AmountBand, "band")
    is_whole = VOUCHER_MIN <= len(number) <= VOUCHER_MAX

    def typed(value: str) -> None:
        kept = (
            sign for sign in value.upper() if sign.isascii() and (sign.isalnum() or sign == "-")
        )
        form.put(number="".join(kept))

    async def record() -> None:
        if band is None:
            return
        args = SucceedReferral(id=lead.id, voucher_number=number, result_band=band)
        await app.field.record("succeed_referral", args)
        await form.discard()
        app.tell(words("wm.succeeded"), tone="good")
        app.navigation.back()

    return page_body(
        [
            strong(words("wm.succeed_who", name=customer_name(rows, lead.customer_id, words))),
            text_field(
                words("wm.voucher"),
                number,
                typed,
                helper=words("wm.voucher_helper"),
                error=words("wm.voucher_long") if len(number) > VOUCHER_MAX else None,
                length_max=24,
                autofocus=True,
                capitals=True,
            ),
            banner(words("wm.no_account"), tone="plain", icon=ft.Icons.SHIELD_OUTLINED),
            section(
                words("wm.band"),
                note(words("wm.band_detail")),
                choice_chips(
                    [Option(one, words.name(one)) for one in AmountBand],
                    band,
                    lambda one: form.put(band=one.value),
                    name=words("wm.band"),
                ),
            ),
        ],
        footer=bottom_action(
            primary_button(
                words("wm.succeed_confirm"),
                record,
                icon=ft.Icons.CHECK,
                expand=True,
                disabled=not is_whole or band is None,
            )
        ),
    )


@screen
def LoseScreen(lead_id: str) -> ft.Control:
    """End a lead that came to nothing; the postman reads the reason."""
    app, words, rows = use_app(), use_words(), use_world()
    lead = demand(rows, Referral, lead_id)

    async def lose(reason: str) -> None:
        await app.field.record("lose_referral", ReasonedReferral(id=lead.id, reason=reason))
        app.tell(words("wm.lost"))
        app.navigation.back()

    return page_body(
        [
            ReasonPanel(
                words("wm.lose_why", name=customer_name(rows, lead.customer_id, words)),
                [words(key) for key in LOSE_REASONS],
                words("wm.lose_confirm"),
                lose,
                app.navigation.back,
                draft=f"lose:{lead.id}",
                detail=words("wm.lose_detail"),
            )
        ]
    )


@screen
def CareScreen(lead_id: str) -> ft.Control:
    """Put a lead on a care card: not now, but followed up until they come."""
    app, words, rows = use_app(), use_words(), use_world()
    lead = demand(rows, Referral, lead_id)
    today = app.field.today()
    reason, set_reason = ft.use_state(CareReason.MONEY_NOT_IN if lead.harvest_date_id else None)
    payout = cash_on(rows, lead)
    days = {today + dt.timedelta(days=away) for away in CARE_DAYS}
    if payout is not None and payout > today:
        days.add(payout)
    chosen, choose = ft.use_state(payout if payout is not None and payout > today else None)

    async def open_card() -> None:
        if reason is None or chosen is None:
            return
        args = OpenCareCard(
            id=app.field.new_id(), reason=reason, next_contact_on=chosen, referral_id=lead.id
        )
        await app.field.record("open_care_card", args)
        app.tell(words("wm.cared"), tone="good")
        app.navigation.back()

    return page_body(
        [
            strong(words("wm.care_who", name=customer_name(rows, lead.customer_id, words))),
            section(
                words("wm.care_reason"),
                choice_chips(
                    [Option(one, words.name(one)) for one in CareReason],
                    reason,
                    set_reason,
                    name=words("wm.care_reason"),
                ),
            ),
            section(
                words("wm.care_day"),
                note(words("wm.care_day_detail")),
                day_chips(
                    words, today, chosen, choose, days=sorted(days), name=words("wm.care_day")
                ),
            ),
        ],
        footer=bottom_action(
            primary_button(
                words("wm.care_confirm"),
                open_card,
                icon=ft.Icons.FAVORITE_BORDER,
                expand=True,
                disabled=reason is None or chosen is None,
            )
        ),
    )
