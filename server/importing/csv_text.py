"""One CSV file as a sheet, in whichever encoding the office's computer wrote it."""

from __future__ import annotations

import csv
import io
import re

from server.importing.faults import WorkbookError
from server.importing.grid import Cell, Grid, Line

__all__ = ["grid_of_csv"]

_BOMS = (
    (b"\xef\xbb\xbf", "utf-8-sig"),
    (b"\xff\xfe", "utf-16"),
    (b"\xfe\xff", "utf-16"),
)
_SNIFFED_CHARACTERS = 4_000
_MARKED = re.compile(r"^(?:=\"(?P<formula>[^\"]*)\"|['’](?P<quoted>.*))$", re.DOTALL)


def grid_of_csv(name: str, body: bytes) -> Grid:
    """Return the sheet of a CSV file.

    Raises:
        WorkbookError: `encoding-unknown` or `file-damaged`.
    """
    text = _decoded(body)
    if "\x00" in text:
        raise WorkbookError("file-damaged")
    lines = []
    try:
        reader = csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text))
        for number, fields in enumerate(reader, start=1):
            cells = {index: _cell(field) for index, field in enumerate(fields) if field.strip()}
            if cells:
                lines.append(Line(number, cells))
    except csv.Error as error:
        raise WorkbookError("file-damaged") from error
    return Grid(name, tuple(lines))


def _decoded(body: bytes) -> str:
    for bom, encoding in _BOMS:
        if body.startswith(bom):
            return _strictly(body, encoding)
    try:
        return body.decode("utf-8")
    except UnicodeDecodeError:
        # Chinese Windows saves "CSV" in GBK, of which GB18030 is the whole.
        return _strictly(body, "gb18030")


def _strictly(body: bytes, encoding: str) -> str:
    try:
        return body.decode(encoding)
    except UnicodeDecodeError as error:
        raise WorkbookError("encoding-unknown") from error


def _delimiter(text: str) -> str:
    head = text[:_SNIFFED_CHARACTERS]
    return max(",\t;，", key=head.count)


def _cell(field: str) -> Cell:
    """Return the cell; ="0012", '0012 and 0012<tab> are how exports mark a text."""
    stripped = field.strip(" \u3000\r\n")
    marked = _MARKED.match(stripped)
    if marked:
        return Cell(marked["formula"] or marked["quoted"] or None, marked_text=True)
    return Cell(stripped.rstrip("\t"), marked_text=stripped.endswith("\t"))
