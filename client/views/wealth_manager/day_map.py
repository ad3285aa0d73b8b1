"""Where a day goes: the villages that are visited, in order, and those that sell or are paid."""

from __future__ import annotations

from functools import partial

import flet as ft

from client.components.cards import section
from client.components.charts.village_map import Place, kilometres_wide, village_map
from client.state import App
from client.strings import Words
from shared.domain.day_plan import DayPlan
from shared.domain.rows import Rows
from shared.domain.village import Village

__all__ = ["day_map"]

MAP_WIDTH_MAX = 480


def day_map(app: App, rows: Rows, plan: DayPlan, words: Words) -> list[ft.Control]:
    """Draw the day's villages as far as they are known to lie somewhere; one alone needs no map."""
    places = _places(app, rows, plan, words)
    if len(places) <= 1:
        return []
    scale = words("day.map_scale", km=max(1, round(kilometres_wide(places))))
    width = min(MAP_WIDTH_MAX, app.look.page_width)
    drawn = ft.Row([village_map(places, width, scale=scale)], alignment=ft.MainAxisAlignment.CENTER)
    return [section(words("day.map"), drawn)]


def _places(app: App, rows: Rows, plan: DayPlan, words: Words) -> list[Place]:
    stops = {
        visit.village_id: (number, visit.id)
        for number, visit in enumerate(plan.visits, start=1)
        if visit.village_id is not None
    }
    busy = [sale.village_id for sale in (*plan.sales, *plan.payouts)]
    places = []
    for village_id in dict.fromkeys((*stops, *busy)):
        village = rows.get(Village, village_id)
        if village is None or village.latitude_e6 is None or village.longitude_e6 is None:
            continue
        stop, visit_id = stops.get(village_id, (None, None))
        places.append(
            Place(
                label=village.name,
                latitude_e6=village.latitude_e6,
                longitude_e6=village.longitude_e6,
                name=words("day.map_stop", n=stop, village=village.name)
                if stop
                else words("day.map_sale", village=village.name),
                tone="good" if stop else "harvest",
                stop=stop,
                on_open=partial(app.navigation.open, f"/wm/visit/{visit_id}") if stop else None,
            )
        )
    return places
