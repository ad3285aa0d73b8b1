"""Faults of a workbook: where, what is wrong, and what to do about it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from server.importing.wording import FAULT_TEXTS

__all__ = ["CellFault", "Fault", "Language", "WorkbookError"]

Language: TypeAlias = Literal["zh", "en"]
Facts: TypeAlias = Mapping[str, str | int]


@dataclass(frozen=True, slots=True)
class CellFault:
    """What is wrong with a value, before anybody says where it stands."""

    slug: str
    facts: Facts = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """Something in the workbook that needs a person.

    Attributes:
        sheet: The sheet's name as it stands in the file; empty for the file as a whole.
        row: The row as the spreadsheet counts it; 0 for the sheet as a whole.
        column: The header of the column; empty for the row as a whole.
        letter: The column's letter.
        slug: The entry of `FAULT_TEXTS`.
        facts: What its text needs.
    """

    sheet: str = ""
    row: int = 0
    column: str = ""
    letter: str = ""
    slug: str
    facts: Facts = field(default_factory=dict)

    def text(self, language: Language) -> str:
        """Say where, what and what to do, in one line."""
        return f"{self._place(language)}{FAULT_TEXTS[self.slug][language].format(**self.facts)}"

    def _place(self, language: Language) -> str:
        if not self.sheet:
            return ""
        if language == "en":
            parts = [f"sheet {self.sheet}"]
            parts += [f"row {self.row}"] if self.row else []
            parts += [f"column {self.letter} {self.column}".rstrip()] if self.column else []
            return ", ".join(parts) + ": "
        parts = [f"「{self.sheet}」表"]
        parts += [f"第 {self.row} 行"] if self.row else []
        parts += [f"{self.letter} 列「{self.column}」".lstrip()] if self.column else []
        return " ".join(parts) + "："


class WorkbookError(Exception):
    """The file can't be read at all.

    Attributes:
        fault: Why, and what to do.
    """

    def __init__(self, slug: str, /, **facts: str | int) -> None:
        """Refuse the file for the reason *slug*."""
        super().__init__(slug, facts)
        self.fault = Fault(slug=slug, facts=facts)
