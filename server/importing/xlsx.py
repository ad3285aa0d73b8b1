"""An XLSX workbook as sheets: merged cells spread out, numbers exact, nothing executed."""

from __future__ import annotations

import datetime as dt
import io
import math
import re
import warnings
import zipfile
from decimal import Decimal
from typing import Any

import openpyxl

from server.importing.faults import WorkbookError
from server.importing.grid import Cell, Grid, Line, Value

__all__ = ["grids_of_xlsx"]

_COLUMNS_MAX = 200
_EXACT_MAX = 10**15  # Beyond, a spreadsheet has lost digits already.
_ONLY_ZEROS = re.compile(r"0{2,20}")
_DECLARATIONS = (b"<!DOCTYPE", b"<!ENTITY")


def grids_of_xlsx(archive: zipfile.ZipFile, body: bytes) -> list[Grid]:
    """Return the visible sheets of a workbook whose sizes have been checked.

    Raises:
        WorkbookError: `file-damaged`.
    """
    try:
        _refuse_declarations(archive)
        with warnings.catch_warnings():
            # It warns of drawings and validations that it leaves out; they are nothing to us.
            warnings.simplefilter("ignore")
            workbook = openpyxl.load_workbook(io.BytesIO(body), data_only=True)
    except WorkbookError:
        raise
    except Exception as error:
        # A damaged part surfaces as nearly any type: KeyError, ParseError, TypeError, BadZipFile …
        raise WorkbookError("file-damaged") from error
    return [_grid(sheet) for sheet in workbook.worksheets if sheet.sheet_state == "visible"]


def _refuse_declarations(archive: zipfile.ZipFile) -> None:
    """Refuse XML that declares entities: no spreadsheet program writes them."""
    for name in archive.namelist():
        if name.endswith((".xml", ".rels", ".vml")):
            part = archive.read(name)
            if any(declaration in part for declaration in _DECLARATIONS):
                raise WorkbookError("file-damaged")


def _grid(sheet: Any) -> Grid:
    rows: dict[int, dict[int, Cell]] = {}
    for row in sheet.iter_rows(max_col=min(sheet.max_column, _COLUMNS_MAX)):
        for cell in row:
            if cell.value is not None and str(cell.value).strip():
                rows.setdefault(cell.row, {})[cell.column - 1] = _cell(cell)
    _spread_merged(sheet, rows)
    return Grid(sheet.title, tuple(Line(number, rows[number]) for number in sorted(rows)))


def _spread_merged(sheet: Any, rows: dict[int, dict[int, Cell]]) -> None:
    """Repeat a cell that is merged downwards: one outlet beside its ten people.

    Only in rows that hold something of their own, else a merged blank row would become a fault;
    and never sideways, where merging makes titles.
    """
    for merged in sheet.merged_cells.ranges:
        source = rows.get(merged.min_row, {}).get(merged.min_col - 1)
        if source is None or merged.min_col != merged.max_col:
            continue
        for number in range(merged.min_row + 1, merged.max_row + 1):
            if number in rows:
                rows[number][merged.min_col - 1] = source


def _cell(cell: Any) -> Cell:
    value = cell.value
    if isinstance(value, str):
        return Cell(value, marked_text=cell.data_type != "e")
    zeros = _ONLY_ZEROS.fullmatch(cell.number_format or "")
    return Cell(_exact(value), digits=len(zeros[0]) if zeros else 0)


def _exact(value: object) -> Value:
    """Return numbers without binary fractions: 0.1 + 0.2 in a sheet is 0.3 to its reader."""
    if isinstance(value, bool | int):
        return value
    if isinstance(value, float) and math.isfinite(value):
        if abs(value) >= _EXACT_MAX:
            return int(value)
        rounded = Decimal(repr(value)).quantize(Decimal("1e-9"))
        return int(rounded) if rounded == rounded.to_integral_value() else rounded.normalize()
    if isinstance(value, dt.datetime):
        return value.date()
    if isinstance(value, dt.date):
        return value
    return str(value)
