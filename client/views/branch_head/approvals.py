"""The points to approve, in heaps that never mix: what goes together, what is read one by one.

A page goes in two taps. The button that sends it stands under the very list that it is about; the
exceptions are a heap of their own, whose number is always in sight.

An approval is posted to the ledger and only two people together can take it back. That is why the
first tap shows what it comes to and the second sends it, instead of an undo that could be lost
with the tab.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from functools import partial

import flet as ft

from client.components.buttons import primary_button, quiet_button
from client.components.cards import card, empty_state, section
from client.components.chips import Option, choice_chips
from client.components.layout import bottom_action, page_body
from client.components.text import note, strong
from client.design import GAP, GAP_S
from client.state import App, use_app, use_words, use_world
from client.strings import Words
from client.views.branch_head.entry import EntryPanel
from client.views.branch_head.entry_rows import entry_row, pickable_row
from client.views.branch_head.queue import Queue, sorted_queue
from client.views.desk.panes import panes
from client.views.workplace import screen
from shared.domain.desk import ApprovalItem
from shared.domain.points import ApprovePoints
from shared.domain.rows import Rows

__all__ = ["PAGE_ENTRIES", "ApprovalsTab"]

PAGE_ENTRIES = 40
SPECIAL_MAX = 60
OTHERS_MAX = 20
PANE_WIDTH = 500


class Heap(StrEnum):
    """What is done alike with the entries of a heap; its name is the key of its words."""

    TOGETHER = "together"
    SINGLY = "singly"
    OTHERS = "others"


@screen
def ApprovalsTab() -> ft.Control:
    """Show what waits for me; on a desk with what an entry rests on beside it."""
    app, words, rows = use_app(), use_words(), use_world()
    look, _ = ft.use_state(app.look)
    chosen, choose = ft.use_state("")
    opened, open_heap = ft.use_state(Heap.TOGETHER)
    nothing: tuple[str, ...] = ()
    left_out, leave_out = ft.use_state(nothing)
    asked, ask = ft.use_state(nothing)
    queue = sorted_queue(rows, app.field.actor, app.field.now())
    page = queue.plain[:PAGE_ENTRIES]
    picked = [item for item in page if item.entry.id not in left_out]
    heaps = _heaps(queue)
    heap = opened if opened in heaps else next(iter(heaps), Heap.TOGETHER)
    shown = _shown(queue, heap, chosen)

    def open_entry(entry_id: str) -> None:
        if look.wide:
            choose(entry_id)
        else:
            app.navigation.open(f"/bh/entry/{entry_id}")

    def toggle(entry_id: str) -> None:
        ask(nothing)
        others = tuple(one for one in left_out if one != entry_id)
        leave_out(others if entry_id in left_out else (*left_out, entry_id))

    async def approve() -> None:
        await app.field.record("approve_points", ApprovePoints(ids=asked))
        ask(nothing)
        app.tell(words("bh.approved", n=len(asked)), tone="good")

    marked = shown if look.wide else ""
    pick = _Pick(left_out=left_out, marked=marked, toggle=toggle, open_entry=open_entry)
    rows_of = {
        Heap.TOGETHER: lambda: _plain(app, rows, queue, words, pick),
        Heap.SINGLY: lambda: _specials(app, rows, queue, words, open_entry, chosen=marked),
        Heap.OTHERS: lambda: _others(app, rows, queue, words, open_entry),
    }
    every = [
        _summary(queue, words),
        _heap_choice(heaps, heap, open_heap, words),
        *rows_of[heap](),
        ft.Container(height=GAP),
    ]
    listed = [one for one in every if one is not None]
    is_page = heap is Heap.TOGETHER and bool(picked)
    footer = _bulk_bar(picked, words, asked=asked, ask=ask, approve=approve) if is_page else None
    if not look.wide:
        return page_body(listed, footer=footer)
    return panes(
        listed,
        ft.Column([EntryPanel(shown, key=shown)], spacing=0, expand=True) if shown else None,
        nothing_chosen=words("bh.choose_entry"),
        width=PANE_WIDTH,
        footer=footer,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Pick:
    """What is left out of the page, which entry is open beside it, and what a tap does."""

    left_out: tuple[str, ...]
    marked: str
    toggle: Callable[[str], object]
    open_entry: Callable[[str], object]


def _heaps(queue: Queue) -> dict[Heap, int]:
    """Return how many entries each heap has; empty ones are left out."""
    counts = {
        Heap.TOGETHER: len(queue.plain),
        Heap.SINGLY: len(queue.special),
        Heap.OTHERS: len(queue.others),
    }
    return {heap: count for heap, count in counts.items() if count}


def _heap_choice(
    heaps: dict[Heap, int], shown: Heap, choose: Callable[[Heap], object], words: Words
) -> ft.Control | None:
    if not heaps:
        return None
    options = [Option(heap, words(f"bh.heap_of.{heap}", n=count)) for heap, count in heaps.items()]
    return choice_chips(options, shown, choose, name=words("bh.heaps"))


def _shown(queue: Queue, heap: Heap, chosen: str) -> str:
    """Return the entry beside the list: the one chosen; once it is decided, the next that waits."""
    ids = {
        Heap.TOGETHER: [item.entry.id for item in queue.plain],
        Heap.SINGLY: [item.entry.id for item in queue.special],
        Heap.OTHERS: [item.entry.id for item, _ in queue.others],
    }[heap]
    if chosen in ids:
        return chosen
    return ids[0] if ids else ""


def _plain(app: App, rows: Rows, queue: Queue, words: Words, pick: _Pick) -> list[ft.Control]:
    """Show a page of what can be approved together."""
    if not queue.plain:
        return []
    return [
        section(
            words("bh.plain"),
            note(words("bh.plain_detail")),
            note(words("bh.page_max", n=PAGE_ENTRIES)) if len(queue.plain) > PAGE_ENTRIES else None,
            *[
                pickable_row(
                    app,
                    rows,
                    item,
                    words,
                    is_picked=item.entry.id not in pick.left_out,
                    is_chosen=item.entry.id == pick.marked,
                    on_pick=partial(pick.toggle, item.entry.id),
                    on_open=partial(pick.open_entry, item.entry.id),
                )
                for item in queue.plain[:PAGE_ENTRIES]
            ],
        )
    ]


def _summary(queue: Queue, words: Words) -> ft.Control:
    mine = [*queue.special, *queue.plain]
    if not mine:
        return empty_state(
            words("bh.nothing"), detail=words("bh.nothing_detail"), icon=ft.Icons.TASK_ALT
        )
    people = {item.entry.payee_id for item in mine}
    return note(
        words(
            "bh.summary",
            n=len(mine),
            points=sum(item.entry.points for item in mine),
            people=len(people),
        )
    )


def _specials(
    app: App,
    rows: Rows,
    queue: Queue,
    words: Words,
    open_entry: Callable[[str], object],
    *,
    chosen: str,
) -> list[ft.Control]:
    if not queue.special:
        return []
    return [
        section(
            words("bh.special"),
            note(words("bh.special_detail")),
            *[
                entry_row(
                    app,
                    rows,
                    item,
                    words,
                    partial(open_entry, item.entry.id),
                    is_chosen=item.entry.id == chosen,
                )
                for item in queue.special[:SPECIAL_MAX]
            ],
        )
    ]


def _others(
    app: App, rows: Rows, queue: Queue, words: Words, open_entry: Callable[[str], object]
) -> list[ft.Control]:
    """Show what somebody else approves: nobody approves their own."""
    if not queue.others:
        return []
    return [
        section(
            words("bh.others"),
            note(words("bh.others_detail")),
            *[
                entry_row(app, rows, item, words, partial(open_entry, item.entry.id))
                for item, _ in queue.others[:OTHERS_MAX]
            ],
        )
    ]


def _bulk_bar(
    picked: list[ApprovalItem],
    words: Words,
    *,
    asked: tuple[str, ...],
    ask: Callable[[tuple[str, ...]], object],
    approve: Callable[[], object],
) -> ft.Control:
    """Approve the page in two taps: the first says what it comes to, the second sends just that.

    What a sync brings between the two taps is not approved unseen.
    """
    meant = [item for item in picked if item.entry.id in asked]
    if not meant or len(meant) != len(asked):
        ids = tuple(item.entry.id for item in picked)
        return bottom_action(
            primary_button(
                words("bh.approve_page", n=len(picked)),
                lambda: ask(ids),
                icon=ft.Icons.DONE_ALL,
                expand=True,
            )
        )
    points = sum(item.entry.points for item in meant)
    people = len({item.entry.payee_id for item in meant})
    return bottom_action(
        primary_button(words("bh.approve_sure"), approve, icon=ft.Icons.CHECK, expand=True),
        quiet_button(words("desk.cancel"), lambda: ask(())),
        above=card(
            strong(words("bh.approve_sum", n=len(meant), points=points, people=people)),
            note(words("bh.approve_final")),
            tone="wait",
            spacing=GAP_S,
        ),
    )
