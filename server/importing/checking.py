"""The whole judgement of a workbook, without touching anything: faults, or a plan."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from server.importing.existing import Existing
from server.importing.faults import Fault, WorkbookError
from server.importing.grid import Grid
from server.importing.layout import LAYOUTS, layout_named
from server.importing.notes import ImportNote, notes_on
from server.importing.parsing import Parsed
from server.importing.planning import Plan, make_plan
from server.importing.resolution import resolve
from shared.domain.people import County

__all__ = ["Judgement", "county_named", "judge", "select_sheet"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """What an import would do, or the faults because of which it does nothing."""

    faults: tuple[Fault, ...] = ()
    notes: tuple[ImportNote, ...] = ()
    plan: Plan | None = None


def select_sheet(grids: Sequence[Grid], sheet: str | None) -> list[Grid]:
    """Return the sheets to read: all, or the one of that name; a single CSV file becomes it.

    Raises:
        WorkbookError: No such sheet, or none that is known.
    """
    names = "、".join(layout.zh for layout in LAYOUTS)
    if sheet is None:
        if any(layout_named(grid.name) for grid in grids):
            return list(grids)
        if len(grids) == 1:
            raise WorkbookError("sheet-needed", name=grids[0].name, sheets=names)
        found = "、".join(grid.name for grid in grids) or "—"
        raise WorkbookError("no-sheets", found=found, sheets=names)
    layout = layout_named(sheet)
    if layout is None:
        raise WorkbookError("sheet-option-unknown", name=sheet, sheets=names)
    chosen = [grid for grid in grids if layout_named(grid.name) is layout]
    if not chosen and len(grids) == 1:
        return [Grid(layout.zh, grids[0].lines)]
    if not chosen:
        raise WorkbookError("sheet-option-absent", name=layout.zh)
    return chosen


def county_named(parsed: Parsed) -> str | None:
    """Return the county branch that the workbook's outlets name, if any."""
    return next((row.county for row in parsed.organisation.outlets if row.county), None)


def judge(
    parsed: Parsed,
    existing: Existing,
    county: County,
    new_id: Callable[[], str],
    today: dt.date,
) -> Judgement:
    """Check all of a workbook against itself and the county; plan what it changes.

    Faults come in the order of sheets and rows.
    """
    resolved, between = resolve(parsed.organisation, existing, parsed.sources, today)
    ignored = [
        ImportNote("column-ignored", {"sheet": sheet, "column": header})
        if header
        else ImportNote("sheet-ignored", {"sheet": sheet})
        for sheet, header in parsed.ignored
    ]
    ignored += [ImportNote("sheet-blank", {"sheet": sheet}) for sheet in parsed.empty]
    faults = [*parsed.faults, *between]
    if faults:
        order = [source.sheet for source in parsed.sources.values()]
        faults.sort(key=lambda fault: (_place_of(fault.sheet, order), fault.row, fault.letter))
        return Judgement(faults=tuple(faults), notes=tuple(ignored))
    plan = make_plan(resolved, existing, county, new_id, today)
    notes = notes_on(resolved, existing, plan.after, today)
    return Judgement(notes=(*ignored, *notes), plan=plan)


def _place_of(sheet: str, order: Sequence[str]) -> int:
    return order.index(sheet) if sheet in order else len(order)
