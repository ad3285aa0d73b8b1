"""One sale: its days and their history, and what was seen or heard of it since."""

from __future__ import annotations

from collections.abc import Callable

import flet as ft

from client.actions.sales import (
    see_sale,
    withdraw_sale,
)
from client.components.buttons import danger_button, primary_button, secondary_button
from client.components.cards import badge, card, empty_state, fact, section
from client.components.layout import page_body, stack
from client.components.text import note, strong
from client.components.when import clock, day, span
from client.design import GAP_S
from client.location import location
from client.state import App, use_app, use_words, use_world
from client.status import OutboxState
from client.strings import Words
from client.views.labels import crop_name, sale_tone, staff_name, village_name
from client.views.may import may
from client.views.postman.sale_tasks import CancelTask, ConfirmTask, CorrectTask, ShiftTask
from client.views.refusal import refusal_card
from client.views.workplace import screen
from shared.domain.harvest import (
    LIVE_STATUSES,
    HarvestAction,
    HarvestDate,
    HarvestDateVersion,
    HarvestStatus,
)
from shared.domain.harvest_corrections import is_acted_on
from shared.domain.rows import Rows

__all__ = ["SaleScreen"]

VERSIONS_SHOWN = 12


@screen
def SaleScreen(sale_id: str) -> ft.Control:
    """Show the sale and what can be done about it."""
    app, words, rows = use_app(), use_words(), use_world()
    task, set_task = ft.use_state("")
    sale = rows.get(HarvestDate, sale_id)
    refused = [op for op in app.field.ops_about(sale_id) if op.state is OutboxState.REJECTED]
    if sale is None:
        return page_body(
            [refusal_card(app, op, words) for op in refused]
            or [empty_state(words("record.gone"), icon=ft.Icons.SEARCH_OFF)]
        )
    tasks: dict[str, Callable[[], ft.Control]] = {
        "shift": lambda: ShiftTask(sale, lambda: set_task("")),
        "correct": lambda: CorrectTask(sale, lambda: set_task("")),
        "confirm": lambda: ConfirmTask(sale, lambda: set_task("")),
        "cancel": lambda: CancelTask(sale, lambda: set_task("")),
    }
    return page_body(
        [
            *(refusal_card(app, op, words) for op in refused if not op.is_seen),
            _facts(app, rows, sale, words),
            tasks[task]() if task else _actions(app, rows, sale, words, set_task),
            _history(app, rows, sale, words),
            ft.Container(height=GAP_S),
        ]
    )


def _facts(app: App, rows: Rows, sale: HarvestDate, words: Words) -> ft.Control:
    today = app.field.today()
    facts = [
        ft.Row(
            [
                badge(words.name(sale.status), sale_tone(sale.status)),
                badge(words.name(sale.confidence)),
            ],
            wrap=True,
            spacing=GAP_S,
        ),
        fact(words("fact.village"), village_name(rows, sale.village_id)),
        fact(words("fact.crop"), crop_name(rows, sale.crop_id)),
        fact(words("fact.sale_day"), span(sale.sale_from_on, sale.sale_to_on, today, words)),
        fact(words("sale.payout"), day(sale.payout_on, today, words)),
    ]
    if sale.households:
        facts.append(fact(words("sale.households"), str(sale.households)))
    if sale.buyer:
        facts.append(fact(words("sale.buyer"), sale.buyer))
    if sale.note:
        facts.append(fact(words("lead.note"), sale.note))
    facts.append(
        fact(
            words("sale.reporter"),
            f"{staff_name(rows, sale.reported_by_id)} "
            f"{clock(sale.reported_at, app.field.now(), words)}",
        )
    )
    return card(*facts)


def _actions(
    app: App, rows: Rows, sale: HarvestDate, words: Words, set_task: Callable[[str], object]
) -> ft.Control:
    """Offer what this person's posts may do: some only look, and bring their customers."""
    buttons: list[ft.Control] = []
    if sale.status in LIVE_STATUSES and may(app.field.actor, "submit_referral"):
        buttons.append(
            primary_button(
                words("today.lead"),
                lambda: app.navigation.open(location("/postman/lead", village=sale.village_id)),
                icon=ft.Icons.PERSON_ADD_ALT_1,
            )
        )
    if may(app.field.actor, "shift_harvest_date"):
        buttons += _seen(app, sale, words, set_task)
        buttons += _taken_back(app, rows, sale, words, set_task)
    return stack(*buttons)


def _seen(
    app: App, sale: HarvestDate, words: Words, set_task: Callable[[str], object]
) -> list[ft.Control]:
    """Offer the next thing that can be heard or seen of the sale."""

    async def see(action: HarvestAction) -> None:
        await see_sale(app.field, sale.id, action)
        app.tell(words("sale.seen"), tone="good")

    def button(key: str, icon: ft.IconData, on_click: Callable[[], object]) -> ft.Control:
        return secondary_button(words(key), on_click, icon=icon)

    if sale.status is HarvestStatus.SOLD:
        return [button("sale.pay", ft.Icons.PAYMENTS_OUTLINED, lambda: see(HarvestAction.PAY))]
    if sale.status not in LIVE_STATUSES:
        return []
    shift = button("sale.shift", ft.Icons.EVENT_REPEAT, lambda: set_task("shift"))
    if sale.status is HarvestStatus.ON_DAY:
        sell = button("sale.sell", ft.Icons.SELL_OUTLINED, lambda: see(HarvestAction.SELL))
        return [shift, sell]
    return [
        shift,
        button("sale.confirm", ft.Icons.EVENT_AVAILABLE, lambda: set_task("confirm")),
        button(
            "sale.start_day",
            ft.Icons.LOCAL_SHIPPING_OUTLINED,
            lambda: see(HarvestAction.START_DAY),
        ),
    ]


def _taken_back(
    app: App, rows: Rows, sale: HarvestDate, words: Words, set_task: Callable[[str], object]
) -> list[ft.Control]:
    """Offer to put one's own report right while nobody relies on it; else to call the sale off."""

    async def withdraw() -> None:
        await withdraw_sale(app.field, sale.id, words("lead.withdrawn_reason"))
        app.tell(words("sale.withdrawn"))

    if sale.status not in LIVE_STATUSES:
        return []
    if not _is_mine_alone(app, rows, sale):
        cancel = danger_button(
            words("sale.cancel"), lambda: set_task("cancel"), icon=ft.Icons.EVENT_BUSY
        )
        return [cancel]
    return [
        secondary_button(
            words("sale.correct"), lambda: set_task("correct"), icon=ft.Icons.EDIT_OUTLINED
        ),
        danger_button(words("sale.withdraw"), withdraw, icon=ft.Icons.UNDO),
    ]


def _is_mine_alone(app: App, rows: Rows, sale: HarvestDate) -> bool:
    return (
        sale.status is HarvestStatus.HEARD
        and sale.reported_by_id == app.field.me.id
        and not is_acted_on(rows, sale)
    )


def _history(app: App, rows: Rows, sale: HarvestDate, words: Words) -> ft.Control:
    versions = sorted(
        rows.where(HarvestDateVersion, harvest_date_id=sale.id),
        key=lambda version: -version.version,
    )
    if not versions:
        return ft.Container(height=0)
    now, today = app.field.now(), app.field.today()
    return section(
        words("sale.history"),
        *(
            card(
                strong(
                    words(
                        "sale.version",
                        action=words.name(version.action),
                        days=span(version.sale_from_on, version.sale_to_on, today, words),
                    )
                ),
                note(
                    f"{staff_name(rows, version.reported_by_id)} · "
                    f"{clock(version.reported_at, now, words)} {version.reason}"
                ),
                spacing=2,
            )
            for version in versions[:VERSIONS_SHOWN]
        ),
    )
