"""The outlet's phones: which have not synced lately, and what to do about one that is lost."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import flet as ft

from client.components.buttons import danger_button, quiet_button, secondary_button
from client.components.cards import badge, card, empty_state, section
from client.components.layout import page_body
from client.components.text import note, strong
from client.components.when import ago
from client.design import GAP, GAP_S, WARN
from client.state import App, use_app, use_words, use_world
from client.strings import Words
from client.views.desk.naming import staff_name
from client.views.workplace import screen
from shared.domain.organisation import NamedDevice
from shared.domain.people import Device
from shared.domain.rows import Rows

__all__ = ["PhonesTab", "silent_days"]

QUIET_DAYS = 1
SILENT_DAYS = 3
LISTED_MAX = 100


@screen
def PhonesTab() -> ft.Control:
    """Show the phones in use, the longest silent first: their records are on them alone."""
    app, words, rows = use_app(), use_words(), use_world()
    reporting, report = ft.use_state("")
    devices = [
        device
        for device in rows.where(Device, outlet_id=app.field.actor.outlet_id)
        if device.revoked_at is None
    ]
    now = app.field.now()
    silent = [one for one in devices if _is_silent(one, now)]
    lost = [one for one in devices if one.reported_lost_at is not None]
    fine = [one for one in devices if one not in silent and one not in lost]

    async def report_lost(device: Device) -> None:
        await app.field.record("report_device_lost", NamedDevice(id=device.id))
        report("")
        app.tell(words("bh.lost_reported"), tone="good")

    def row(device: Device) -> ft.Control:
        return _device(
            app,
            rows,
            device,
            words,
            is_reporting=reporting == device.id,
            ask=lambda: report(device.id),
            cancel=lambda: report(""),
            confirm=lambda: report_lost(device),
        )

    if not devices:
        return page_body(
            [
                _way_to_leave(app, words),
                empty_state(
                    words("bh.no_phones"),
                    detail=words("bh.no_phones_detail"),
                    icon=ft.Icons.PHONE_ANDROID_OUTLINED,
                ),
            ]
        )
    heaps = (("silent", silent), ("lost", lost), ("fine", fine))
    return page_body(
        [
            _way_to_leave(app, words),
            note(words("bh.phones_detail")),
            *[
                section(
                    words(f"bh.phones.{name}", n=len(heap)),
                    *[row(one) for one in _by_silence(heap)[:LISTED_MAX]],
                )
                for name, heap in heaps
                if heap
            ],
            ft.Container(height=GAP),
        ]
    )


def _way_to_leave(app: App, words: Words) -> ft.Control:
    return secondary_button(
        words("leave.title"),
        lambda: app.navigation.open("/bh/leave"),
        icon=ft.Icons.EVENT_BUSY_OUTLINED,
    )


def silent_days(device: Device, now: dt.datetime) -> int:
    """Return for how many whole days nobody has heard from a device."""
    return (now - (device.last_seen_at or device.enrolled_at)).days


def _is_silent(device: Device, now: dt.datetime) -> bool:
    return device.reported_lost_at is None and silent_days(device, now) >= QUIET_DAYS


def _by_silence(devices: list[Device]) -> list[Device]:
    return sorted(devices, key=lambda one: (one.last_seen_at or one.enrolled_at, one.id))


def _device(
    app: App,
    rows: Rows,
    device: Device,
    words: Words,
    *,
    is_reporting: bool,
    ask: Callable[[], object],
    cancel: Callable[[], object],
    confirm: Callable[[], object],
) -> ft.Control:
    now = app.field.now()
    is_lost = device.reported_lost_at is not None
    is_long = silent_days(device, now) >= SILENT_DAYS
    who = staff_name(rows, device.staff_id, words)
    names = ft.Column(
        [
            strong(who, max_lines=1),
            note(words("bh.device", label=device.label, n=device.number)),
        ],
        spacing=0,
        tight=True,
        expand=True,
    )
    report = quiet_button(words("bh.report_lost"), ask, color=WARN)
    can_report = not is_lost and not is_reporting
    return card(
        ft.Row(
            [names, _state(device, now, words), *([report] if can_report else [])], spacing=GAP_S
        ),
        note(words("bh.silent_detail")) if is_long and not is_lost else None,
        note(words("bh.lost_detail")) if is_lost else None,
        _question(who, words, cancel, confirm) if is_reporting else None,
    )


def _state(device: Device, now: dt.datetime, words: Words) -> ft.Control:
    """Say when the device was last heard of, or that it is lost."""
    if device.reported_lost_at is not None:
        return badge(words("bh.lost"), "bad", icon=ft.Icons.PHONE_DISABLED_OUTLINED)
    days = silent_days(device, now)
    if days < QUIET_DAYS:
        seen = ago(device.last_seen_at or device.enrolled_at, now, words)
        return badge(words("bh.seen", when=seen), "good", icon=ft.Icons.SYNC_OUTLINED)
    tone = "bad" if days >= SILENT_DAYS else "wait"
    return badge(words("bh.silent", n=days), tone, icon=ft.Icons.SYNC_PROBLEM_OUTLINED)


def _question(
    who: str, words: Words, cancel: Callable[[], object], confirm: Callable[[], object]
) -> ft.Control:
    """Ask once more: a report can't be taken back from here."""
    return card(
        strong(words("bh.report_lost_sure", name=who)),
        note(words("bh.report_lost_detail")),
        ft.Row(
            [
                danger_button(words("bh.report_lost_confirm"), confirm, expand=True),
                quiet_button(words("desk.cancel"), cancel),
            ]
        ),
    )
