"""When in the year one's villages sell what: a strip for each crop."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

import flet as ft

from client.components.cards import card, section
from client.components.charts.season_strip import Season, season_strip
from client.strings import Words
from client.views.labels import crop_name
from shared.domain.rows import Rows
from shared.domain.village import Village, VillageCrop

__all__ = ["season_section"]

CROPS_MAX = 12


def season_section(
    rows: Rows, villages: Sequence[Village], today: dt.date, words: Words
) -> list[ft.Control]:
    """Draw the seasons of the crops of *villages*; those on sale soonest come first."""
    months: dict[str, set[int]] = {}
    for village in villages:
        for grown in rows.where(VillageCrop, village_id=village.id):
            months.setdefault(grown.crop_id, set()).update(grown.months)
    if not months:
        return []
    ordered = sorted(months, key=lambda crop_id: (_away(months[crop_id], today.month), crop_id))
    seasons = [
        Season(
            label=crop_name(rows, crop_id),
            months=frozenset(months[crop_id]),
            name=words(
                "calendar.season",
                crop=crop_name(rows, crop_id),
                months=words("desk.comma").join(
                    words("bh.month_short", month=month) for month in sorted(months[crop_id])
                ),
            ),
        )
        for crop_id in ordered[:CROPS_MAX]
    ]
    return [section(words("calendar.seasons"), card(season_strip(seasons, today.month)))]


def _away(months: set[int], this_month: int) -> int:
    """Return in how many months the season begins or goes on."""
    return min(((month - this_month) % 12 for month in months), default=12)
