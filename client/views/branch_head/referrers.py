"""Who refers how much, and with what success: by person, by post, by village; and the trend."""

from __future__ import annotations

import datetime as dt

import flet as ft

from client.components.cards import card, empty_state, section
from client.components.charts.bars import Bar, bar_key, bars
from client.components.charts.trend import Column, trend
from client.components.chips import Option, choice_chips
from client.components.layout import page_body
from client.components.text import figure, note
from client.components.when import month
from client.design import GAP, GAP_L
from client.state import use_app, use_words, use_world
from client.strings import Words
from client.views.branch_head.tallies import (
    MonthCount,
    Tally,
    by_month,
    by_person,
    by_post,
    by_village,
    points_of,
    span_of,
)
from client.views.desk.naming import staff_name, village_name
from client.views.desk.panes import wide_page
from client.views.desk.table import Head, TableRow, table
from client.views.workplace import screen
from shared.domain.people import Role
from shared.domain.rows import Rows

__all__ = ["ReferrersTab"]

SPANS = ("month", "last_month", "year")
GROUPINGS = ("person", "post", "village")
SHOWN_MAX = 60


@screen
def ReferrersTab() -> ft.Control:
    """Show counts and success rates; success is the headline, not the count (S74)."""
    app, words, rows = use_app(), use_words(), use_world()
    look, _ = ft.use_state(app.look)
    span, set_span = ft.use_state("month")
    grouping, group_by = ft.use_state("person")
    outlet_id, today = app.field.actor.outlet_id, app.field.today()
    first, last = span_of(span, today)
    people = by_person(rows, outlet_id, first, last)
    months = by_month(rows, outlet_id, today)
    choices = [
        choice_chips(
            [Option(name, words(f"bh.span.{name}")) for name in SPANS],
            span,
            set_span,
            name=words("bh.span"),
        ),
        choice_chips(
            [Option(name, words(f"bh.by.{name}")) for name in GROUPINGS],
            grouping,
            group_by,
            name=words("bh.by"),
        ),
    ]
    tallies = {
        "person": lambda: people,
        "post": lambda: by_post(people),
        "village": lambda: by_village(rows, outlet_id, first, last),
    }[grouping]()
    drawn = _bars(rows, grouping, tallies, words)
    head = [_headline(people, words), *choices]
    if look.wide:
        return wide_page(
            [
                *head,
                ft.Row(
                    [
                        ft.Container(drawn, expand=3),
                        ft.Container(_trend(months, words), expand=2),
                    ],
                    spacing=GAP_L,
                    vertical_alignment=ft.CrossAxisAlignment.START,
                ),
                _people_table(rows, people, first, last, words),
                ft.Container(height=GAP),
            ]
        )
    return page_body([*head, drawn, _trend(months, words), ft.Container(height=GAP)])


def _headline(people: list[Tally], words: Words) -> ft.Control:
    won, ended = sum(one.won for one in people), sum(one.ended for one in people)
    made = sum(one.made for one in people)
    rate = words("bh.percent", n=round(100 * won / ended)) if ended else words("bh.no_rate")
    return card(
        ft.Row(
            [
                _number(str(won), words("bh.won")),
                _number(rate, words("bh.rate")),
                _number(str(made), words("bh.made")),
            ],
            spacing=GAP_L,
        )
    )


def _number(value: str, said: str) -> ft.Control:
    return ft.Semantics(
        label=f"{said} {value}",
        expand=1,
        exclude_semantics=True,
        content=ft.Column([figure(value), note(said)], spacing=0, tight=True),
    )


def _bars(rows: Rows, grouping: str, tallies: list[Tally], words: Words) -> ft.Control:
    made = [one for one in tallies if one.made][:SHOWN_MAX]
    if not made:
        return empty_state(words("bh.no_referrals"), detail=words("bh.no_referrals_detail"))
    return section(
        words(f"bh.bars.{grouping}"),
        bar_key(words("progress.key_won"), words("progress.key_all")),
        card(bars([_bar(rows, grouping, one, words) for one in made])),
        note(words("bh.rate_detail")),
    )


def _bar(rows: Rows, grouping: str, one: Tally, words: Words) -> Bar:
    label = {
        "person": lambda: staff_name(rows, one.key, words),
        "post": lambda: words.name(Role(one.key)),
        "village": lambda: village_name(rows, one.key or None, words),
    }[grouping]()
    return Bar(
        label=label,
        whole=one.made,
        part=one.won,
        value=words("bh.won_of", won=one.won, made=one.made),
        hint=words("bh.rate_is", rate=_rate(one, words)) if one.ended else "",
    )


def _trend(months: list[MonthCount], words: Words) -> ft.Control:
    return section(
        words("bh.trend"),
        card(
            trend(
                [
                    Column(
                        label=words("bh.month_short", month=int(one.period[5:])),
                        whole=one.made,
                        part=one.won,
                        name=words(
                            "bh.month_said",
                            month=month(one.period, words),
                            made=one.made,
                            won=one.won,
                        ),
                        now=place == len(months) - 1,
                    )
                    for place, one in enumerate(months)
                ]
            ),
            note(words("bh.trend_detail")),
        ),
    )


def _people_table(
    rows: Rows, people: list[Tally], first: dt.date, last: dt.date, words: Words
) -> ft.Control:
    """Show each person's counts and points in numbers, on a desk."""
    points = points_of(rows, first, last)
    return section(
        words("bh.people_table"),
        table(
            [
                Head(words("bh.column.name"), part=2),
                Head(words("bh.column.post"), part=2),
                Head(words("bh.column.made"), is_number=True),
                Head(words("bh.column.running"), is_number=True),
                Head(words("bh.column.won"), is_number=True),
                Head(words("bh.column.rate"), is_number=True),
                Head(words("bh.column.approved"), is_number=True),
                Head(words("bh.column.pending"), is_number=True),
            ],
            [
                TableRow(
                    cells=(
                        staff_name(rows, one.key, words),
                        words.name(one.post) if one.post else "",
                        str(one.made),
                        str(one.made - one.ended),
                        str(one.won),
                        _rate(one, words),
                        str(points.get(one.key, (0, 0))[0]),
                        str(points.get(one.key, (0, 0))[1]),
                    ),
                    name=words(
                        "bh.person_said",
                        name=staff_name(rows, one.key, words),
                        made=one.made,
                        running=one.made - one.ended,
                        won=one.won,
                        approved=points.get(one.key, (0, 0))[0],
                        pending=points.get(one.key, (0, 0))[1],
                    ),
                )
                for one in people[:SHOWN_MAX]
            ],
        ),
    )


def _rate(one: Tally, words: Words) -> str:
    return words("bh.percent", n=round(100 * one.won / one.ended)) if one.ended else ""
