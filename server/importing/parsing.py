"""Sheets into records: finds headers, reads each row, collects every fault of a cell."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from marshmallow import ValidationError

from server.importing.faults import CellFault, Fault
from server.importing.fields import CellField
from server.importing.grid import BLANK, Cell, Grid, Line, column_letter
from server.importing.layout import Layout, header_key, layout_named
from server.importing.organisation import ANYTHING, Organisation, Place

__all__ = ["Parsed", "Source", "parse_grids"]

ROWS_MAX = 20_000
HEADER_ROWS_MAX = 20
_KEYS = {
    "outlets": ("number", "name"),
    "staff": ("number", "name"),
    "villages": ("name",),
    "crops": ("name",),
}


@dataclass(frozen=True, slots=True)
class Source:
    """A sheet as it was found: its layout, its name in the file, the letters of its columns."""

    layout: Layout
    sheet: str
    letters: Mapping[str, str]

    def fault(self, row: int, column: str, slug: str, **facts: str | int) -> Fault:
        """Return a fault at a row and a field of the record; "" for the row as a whole."""
        field = self.layout.columns().get(column)
        return Fault(
            sheet=self.sheet,
            row=row,
            column=field.metadata["zh"] if field else "",
            letter=self.letters.get(column, ""),
            slug=slug,
            facts=facts,
        )


@dataclass(frozen=True, slots=True)
class Parsed:
    """What a workbook says, what is wrong with it, and what of it was not read."""

    organisation: Organisation
    sources: Mapping[str, Source]
    faults: tuple[Fault, ...]
    ignored: tuple[tuple[str, str], ...]
    empty: tuple[str, ...] = ()


def parse_grids(grids: Sequence[Grid]) -> Parsed:
    """Read every sheet that has a known name; report each fault of a cell."""
    sources: dict[str, Source] = {}
    records: dict[str, tuple[Any, ...]] = {}
    broken: dict[str, frozenset[str]] = {}
    broken_rows: list[tuple[Place, Mapping[str, Any]]] = []
    faults: list[Fault] = []
    ignored: list[tuple[str, str]] = []
    empty: list[str] = []
    for grid in grids:
        layout = layout_named(grid.name)
        if layout is None:
            ignored.append((grid.name, ""))
        elif layout.kind in sources:
            other = sources[layout.kind].sheet
            faults.append(Fault(sheet=grid.name, slug="sheet-twice", facts={"other": other}))
        else:
            sheet = _Sheet(grid, layout)
            found = tuple(sheet.records())
            if sheet.is_empty:
                empty.append(grid.name)  # Says nothing, not: there are none.
                continue
            sources[layout.kind] = sheet.source
            records[layout.kind] = found
            broken[layout.kind] = frozenset(sheet.broken)
            broken_rows += sheet.broken_rows
            faults.extend(sheet.faults)
            ignored.extend((grid.name, header) for header in sheet.ignored)
    if empty and not records:
        faults.append(Fault(sheet=empty[0], slug="sheet-empty"))
    organisation = Organisation(
        kinds=frozenset(records), broken_keys=broken, broken_rows=tuple(broken_rows), **records
    )
    return Parsed(organisation, sources, tuple(faults), tuple(ignored), tuple(empty))


class _Sheet:
    """One sheet while it is read."""

    def __init__(self, grid: Grid, layout: Layout) -> None:
        self._grid = grid
        self._layout = layout
        self._headers: dict[str, str] = {}
        for name, column in layout.columns().items():
            for called in _names_of(column):
                self._headers.setdefault(called, name)
        self.faults: list[Fault] = []
        self.broken: set[str] = set()
        self.broken_rows: list[tuple[Place, Mapping[str, Any]]] = []
        self.ignored: list[str] = []
        self.is_empty = False
        self._header_row, self._columns = self._find_header()
        self.source = Source(
            layout,
            grid.name,
            {name: column_letter(index) for name, index in self._columns.items()},
        )

    def records(self) -> Iterator[Any]:
        """Yield the record of each row without faults; keep the faults of the others."""
        if not self._columns:
            self.broken.add(ANYTHING)
            return
        below = [line for line in self._grid.lines if line.number > self._header_row]
        rows = [line for line in below if self._holds_something(line)]
        self.is_empty = not rows
        if len(rows) > ROWS_MAX:
            self.faults.append(
                Fault(sheet=self._grid.name, slug="rows-too-many", facts={"most": ROWS_MAX})
            )
            self.broken.add(ANYTHING)
            return
        missing = self._missing_columns()
        lengths = self._usual_length(rows)
        for line in rows:
            record = self._record(line, missing, lengths)
            if record is not None:
                yield record

    def _find_header(self) -> tuple[int, dict[str, int]]:
        """Return the row with the most known headers, and the columns that it names."""
        best: tuple[int, dict[str, int], Line | None] = (0, {}, None)
        for line in self._grid.lines:
            if line.number > HEADER_ROWS_MAX:
                break
            columns = self._named(line)
            if len(columns) > len(best[1]):
                best = (line.number, columns, line)
        row, columns, header = best
        required = [name for name, column in self._layout.columns().items() if column.required]
        # One word of a title may be a header's name too.
        if header is None or len(columns) < min(2, len(required)):
            names = "、".join(self._layout.columns()[name].metadata["zh"] for name in required)
            self.faults.append(
                Fault(
                    sheet=self._grid.name,
                    slug="header-missing",
                    facts={"rows": HEADER_ROWS_MAX, "columns": names},
                )
            )
            return 0, {}
        self._note_other_columns(header, columns)
        return row, columns

    def _named(self, line: Line) -> dict[str, int]:
        columns: dict[str, int] = {}
        for index, cell in sorted(line.cells.items()):
            name = self._column_called(cell.text)
            if name is not None:
                columns.setdefault(name, index)
        return columns

    def _column_called(self, header: str) -> str | None:
        return self._headers.get(header_key(header))

    def _note_other_columns(self, header: Line, columns: Mapping[str, int]) -> None:
        for index, cell in sorted(header.cells.items()):
            name = self._column_called(cell.text)
            if name is None:
                self.ignored.append(cell.text)
            elif columns[name] != index:
                self.faults.append(
                    Fault(
                        sheet=self._grid.name,
                        row=header.number,
                        column=cell.text,
                        letter=column_letter(index),
                        slug="column-twice",
                        facts={"other": column_letter(columns[name])},
                    )
                )

    def _missing_columns(self) -> set[str]:
        missing = set()
        for name, column in self._layout.columns().items():
            if column.required and name not in self._columns:
                missing.add(name)
                aliases = "、".join((column.metadata["en"], *column.metadata["aliases"]))
                self.faults.append(
                    Fault(
                        sheet=self._grid.name,
                        row=self._header_row,
                        column=column.metadata["zh"],
                        slug="column-missing",
                        facts={"aliases": aliases},
                    )
                )
        return missing

    def _holds_something(self, line: Line) -> bool:
        cells = [line.cells.get(index, BLANK) for index in self._columns.values()]
        texts = [cell.text for cell in cells]
        # 合计 and 注 at the foot are for people, and a repeated header is a page break.
        total = texts[0].rstrip(":：") in {"合计", "总计", "小计", "total"}
        return any(texts) and not total and self._named(line) != self._columns

    def _record(self, line: Line, missing: set[str], length: int) -> Any | None:
        cells = {name: line.cells.get(index, BLANK) for name, index in self._columns.items()}
        filled = {name: cell for name, cell in cells.items() if cell.text}
        errors: dict[str, Any] = {}
        values: dict[str, Any] = {}
        try:
            values = dict(self._layout.schema.load(filled))
        except ValidationError as error:
            errors = {k: v for k, v in error.messages_dict.items() if k not in missing}
            values = dict(error.valid_data) if isinstance(error.valid_data, dict) else {}
        place = Place(self._layout.kind, line.number)
        number = values.get("number")
        if isinstance(number, Cell):
            values["number"] = number.text
            lost = _lost_zeros(number, length)
            if lost is not None:
                errors["number"] = [lost]
        self.faults.extend(self._faults(line.number, errors))
        if errors or missing:
            keys = (values.get(key) for key in _KEYS.get(self._layout.kind, ()))
            self.broken.update(key for key in keys if key)
            self.broken_rows.append((place, values))
            return None
        blanks = {
            name: column.when_blank
            for name, column in self._layout.columns().items()
            if name in cells and name not in values
        }
        return self._layout.record(place=place, **blanks, **values)

    def _faults(self, row: int, errors: Mapping[str, Sequence[Any]]) -> Iterator[Fault]:
        for name in self._layout.columns():
            for error in errors.get(name, ()):
                cell = error if isinstance(error, CellFault) else CellFault(str(error))
                yield self.source.fault(row, name, cell.slug, **cell.facts)

    def _usual_length(self, rows: Sequence[Line]) -> int:
        """Return how many digits the numbers of this sheet usually have, by its text cells."""
        index = self._columns.get("number")
        if index is None or "number" not in self._layout.columns():
            return 0
        digits = [cell for line in rows if (cell := line.cells.get(index, BLANK)).text.isdigit()]
        texts = Counter(len(cell.text) for cell in digits if cell.marked_text or cell.digits)
        lengths = texts or Counter(len(cell.text) for cell in digits)
        return max(lengths, key=lambda length: (lengths[length], length), default=0)


def _lost_zeros(number: Cell, length: int) -> CellFault | None:
    """Say that a number probably lost its leading zeros to the spreadsheet, if it did."""
    text = number.text
    if number.marked_text or not text.isdigit() or len(text) >= length:
        return None
    return CellFault("zeros-lost", {"value": text, "length": length, "likely": text.zfill(length)})


def _names_of(column: CellField[Any]) -> set[str]:
    meta = column.metadata
    return {header_key(name) for name in (meta["zh"], meta["en"], *meta["aliases"])}
