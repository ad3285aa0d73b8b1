"""Workbooks of ours: the empty template, and sheets filled from rows of values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from openpyxl import Workbook
from openpyxl.comments import Comment
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter

from server.importing.fields import CashDays, CellField, WholeNumber
from server.importing.layout import LAYOUTS, Layout

__all__ = ["write_template", "write_workbook"]

_REQUIRED = PatternFill("solid", start_color="FFE699")
_OPTIONAL = PatternFill("solid", start_color="DDEBF7")


def write_template(path: Path) -> None:
    """Write a workbook with every sheet and column, and nothing in them."""
    write_workbook(path, {})


def write_workbook(path: Path, rows: Mapping[str, Sequence[Mapping[str, Any]]]) -> None:
    """Write the county's workbook: by kind of sheet, rows of values by Chinese header."""
    workbook = Workbook()
    for sheet in workbook.worksheets:
        workbook.remove(sheet)
    for layout in LAYOUTS:
        _fill(workbook.create_sheet(layout.zh), layout, rows.get(layout.kind, ()))
    workbook.save(path)


def _fill(sheet: Any, layout: Layout, rows: Sequence[Mapping[str, Any]]) -> None:
    columns = list(layout.columns().values())
    for index, column in enumerate(columns, start=1):
        _head(sheet.cell(1, index), column)
        dimension = sheet.column_dimensions[get_column_letter(index)]
        dimension.width = 18
        if _is_text(column):
            # From the start: else the spreadsheet makes 12 of 0012, and the sixth of April of 4-6.
            dimension.number_format = "@"
    for number, row in enumerate(rows, start=2):
        for index, column in enumerate(columns, start=1):
            value = row.get(column.metadata["zh"])
            if value is not None:
                cell = sheet.cell(number, index, value)
                cell.number_format = "@" if isinstance(value, str) else cell.number_format
    sheet.freeze_panes = "A2"


def _head(cell: Any, column: CellField[Any]) -> None:
    cell.value = column.metadata["zh"]
    cell.font = Font(bold=True)
    cell.fill = _REQUIRED if column.required else _OPTIONAL
    cell.alignment = Alignment(horizontal="center")
    need = "必填 / required" if column.required else "可不填 / optional"
    cell.comment = Comment(f"{column.metadata['en']}\n{need}\n{column.hint}", "联动")


def _is_text(column: CellField[Any]) -> bool:
    return isinstance(column, CashDays) or not isinstance(column, WholeNumber)
