"""How my leads stand: by state, with what waits for the branch head and what came to nothing."""

from __future__ import annotations

from collections.abc import Sequence

import flet as ft

from client.components.buttons import secondary_button
from client.components.cards import card, empty_state, section
from client.components.charts.bars import Bar, bar_key, bars
from client.components.chips import Option, choice_chips
from client.components.paging import PagedList
from client.state import use_app, use_words, use_world
from client.strings import Words
from client.views.desk.leads import IN_HAND
from client.views.wealth_manager.lead_rows import lead_row
from client.views.workplace import screen
from shared.domain.referral import Referral, ReferralStatus

__all__ = ["ProgressTab"]

S = ReferralStatus
GROUPS: dict[str, tuple[ReferralStatus, ...]] = {
    "open": (S.ROUTED, *IN_HAND),
    "checking": (S.SUCCEEDED,),
    "success": (S.VERIFIED,),
    "later": (S.CARED_FOR,),
    "ended": (S.LOST, S.VOID),
}
MINE = "mine"


@screen
def ProgressTab() -> ft.Control:
    """Show my leads of one group, the newest first, under a picture of all groups."""
    app, words, rows = use_app(), use_words(), use_world()
    group, choose = ft.use_state("open")
    me = app.field.me.id
    led = rows.where(Referral, wealth_manager_id=me)
    counts = {name: [one for one in led if one.status in of] for name, of in GROUPS.items()}
    counts[MINE] = rows.where(Referral, referrer_id=me)
    shown = sorted(counts[group], key=lambda one: (one.captured_to, one.id), reverse=True)
    return PagedList(
        shown,
        lambda lead: lead_row(
            app, rows, lead, words, lambda: app.navigation.open(f"/wm/lead/{lead.id}")
        ),
        head=[
            secondary_button(
                words("lead.new"),
                lambda: app.navigation.open("/postman/lead"),
                icon=ft.Icons.PERSON_ADD_ALT_1,
            ),
            _sources(led, words),
            choice_chips(
                [
                    Option(name, words(f"progress.{name}", n=len(found)))
                    for name, found in counts.items()
                ],
                group,
                choose,
                name=words("progress.groups"),
            ),
        ],
        empty=empty_state(words("progress.nothing"), detail=words("progress.nothing_detail")),
    )


def _sources(led: Sequence[Referral], words: Words) -> ft.Control:
    """Draw how many leads each need brought, and how many of them succeeded."""
    needs = sorted({lead.need for lead in led})
    drawn = []
    for need in needs:
        of_need = [lead for lead in led if lead.need is need]
        won = sum(lead.status in {S.SUCCEEDED, S.VERIFIED} for lead in of_need)
        drawn.append(
            Bar(
                label=words.name(need),
                whole=len(of_need),
                part=won,
                value=words("progress.of", won=won, all=len(of_need)),
            )
        )
    if not drawn:
        return ft.Container()
    drawn.sort(key=lambda bar: -bar.whole)
    return section(
        words("progress.by_need"),
        bar_key(words("progress.key_won"), words("progress.key_all")),
        card(bars(drawn)),
    )
