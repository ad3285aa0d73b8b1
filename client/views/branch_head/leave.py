"""Who is away, and who acts meanwhile: a wealth manager's backup, a postman's cover (顶班)."""

from __future__ import annotations

import datetime as dt
from functools import partial

import flet as ft

from client.components.buttons import primary_button, quiet_button
from client.components.cards import card, section
from client.components.chips import Option, choice_chips
from client.components.dates import DAYS_SHOWN, day_chips
from client.components.layout import gap, page_body
from client.components.text import note, strong
from client.components.when import span
from client.design import WARN
from client.state import App, use_app, use_words, use_world
from client.strings import Words
from client.views.desk.naming import staff_name
from client.views.workplace import screen
from shared.domain.organisation import CoverRound, SetLeave
from shared.domain.people import Leave, Role, Staff
from shared.domain.rows import Rows
from shared.domain.village import Round, RoundCover

__all__ = ["LeaveScreen", "stand_ins"]

PEOPLE_MAX = 40
LEAVES_MAX = 60


@screen
def LeaveScreen() -> ft.Control:
    """Show who is away, and let somebody's leave be noted with who stands in."""
    app, words, rows = use_app(), use_words(), use_world()
    today = app.field.today()
    away = [
        leave
        for staff in _colleagues(rows, app)
        for leave in rows.where(Leave, staff_id=staff.id, cancelled=False)
        if leave.to_on >= today
    ]
    away.sort(key=lambda leave: (leave.from_on, leave.id))
    return page_body(
        [
            section(
                words("leave.away", n=len(away)),
                *[_leave(app, rows, leave, words) for leave in away[:LEAVES_MAX]],
                None if away else note(words("leave.nobody")),
            ),
            LeaveForm(),
            gap(),
        ]
    )


@screen
def LeaveForm() -> ft.Control:
    """Ask who, from when to when, and who stands in; all in chips."""
    app, words, rows = use_app(), use_words(), use_world()
    today = app.field.today()
    who, set_who = ft.use_state("")
    first, set_first = ft.use_state(today)
    last, set_last = ft.use_state(today)
    backup, set_backup = ft.use_state("")
    absent = rows.get(Staff, who) if who else None
    stand_in = stand_ins(rows, absent) if absent else []

    async def save() -> None:
        until = max(first, last)
        args = SetLeave(
            id=app.field.new_id(),
            staff_id=who,
            from_on=first,
            to_on=until,
            backup_id=backup or None,
        )
        await app.field.record("set_leave", args)
        if backup:
            await _cover_rounds(app, rows, who, backup, (first, until))
        set_who("")
        set_backup("")
        app.tell(words("leave.saved", name=staff_name(rows, args.staff_id, words)), tone="good")

    def choose(staff_id: str) -> None:
        set_who("" if staff_id == who else staff_id)  # A second tap shows everybody again.
        set_backup("")

    people = [
        Option(one.id, one.name, hint=words.name(one.roles[0]))
        for one in _colleagues(rows, app)
        if not who or one.id == who
    ]
    questions: list[ft.Control] = [
        choice_chips(people[:PEOPLE_MAX], who, choose, name=words("leave.who"))
    ]
    if absent is not None:
        questions += [
            strong(words("leave.from")),
            day_chips(words, today, first, set_first, name=words("leave.from")),
            strong(words("leave.to")),
            day_chips(
                words,
                today,
                max(first, last),
                set_last,
                days=[first + dt.timedelta(days=more) for more in range(DAYS_SHOWN)],
                name=words("leave.to"),
            ),
            strong(words("leave.backup")),
            choice_chips(
                [Option(one.id, one.name) for one in stand_in],
                backup,
                set_backup,
                name=words("leave.backup"),
            )
            if stand_in
            else note(words("leave.no_backup")),
            primary_button(words("leave.save", name=absent.name), save, icon=ft.Icons.CHECK),
        ]
    return section(words("leave.new"), *questions)


def stand_ins(rows: Rows, absent: Staff) -> list[Staff]:
    """Return who can stand in for somebody: of the same outlet and post."""
    post = next(
        (role for role in (Role.WEALTH_MANAGER, Role.POSTMAN) if role in absent.roles), None
    )
    return [
        one
        for one in rows.where(Staff, outlet_id=absent.outlet_id, active=True)
        if one.id != absent.id and (post is None or post in one.roles)
    ]


def _colleagues(rows: Rows, app: App) -> list[Staff]:
    found = rows.where(Staff, outlet_id=app.field.actor.outlet_id, active=True)
    return sorted((one for one in found if one.roles), key=lambda one: (one.roles[0], one.number))


async def _cover_rounds(
    app: App, rows: Rows, absent_id: str, backup_id: str, days: tuple[dt.date, dt.date]
) -> None:
    """Let the stand-in do the rounds of a postman who is away."""
    for round_ in rows.where(Round, postman_id=absent_id):
        args = CoverRound(
            id=app.field.new_id(),
            round_id=round_.id,
            staff_id=backup_id,
            from_on=days[0],
            to_on=days[1],
        )
        await app.field.record("cover_round", args)


def _leave(app: App, rows: Rows, leave: Leave, words: Words) -> ft.Control:
    name = staff_name(rows, leave.staff_id, words)
    days = span(leave.from_on, leave.to_on, app.field.today(), words)
    return card(
        ft.Row(
            [
                strong(name, expand=True),
                quiet_button(
                    words("leave.cancel"), partial(_cancel, app, rows, leave, words), color=WARN
                ),
            ]
        ),
        note(days),
        note(words("leave.stands_in", name=staff_name(rows, leave.backup_id, words)))
        if leave.backup_id
        else note(words("leave.nobody_stands_in")),
    )


async def _cancel(app: App, rows: Rows, leave: Leave, words: Words) -> None:
    """Call a leave off, with the covers of the same days that belong to it."""
    await app.field.record(
        "set_leave",
        SetLeave(
            id=leave.id,
            staff_id=leave.staff_id,
            from_on=leave.from_on,
            to_on=leave.to_on,
            backup_id=leave.backup_id,
            cancelled=True,
        ),
    )
    for round_ in rows.where(Round, postman_id=leave.staff_id):
        for cover in rows.where(RoundCover, round_id=round_.id, cancelled=False):
            if (cover.from_on, cover.to_on) == (leave.from_on, leave.to_on):
                await app.field.record(
                    "cover_round",
                    CoverRound(
                        id=cover.id,
                        round_id=cover.round_id,
                        staff_id=cover.staff_id,
                        from_on=cover.from_on,
                        to_on=cover.to_on,
                        cancelled=True,
                    ),
                )
    app.tell(words("leave.cancelled", name=staff_name(rows, leave.staff_id, words)))
