"""The county's own workbook, checked whole and applied whole (网点、员工、村庄、作物、墟日)."""

from __future__ import annotations

from server.importing.door import import_organisation
from server.importing.faults import Fault
from server.importing.report import ImportReport
from server.importing.template import write_template, write_workbook

__all__ = [
    "Fault",
    "ImportReport",
    "import_organisation",
    "write_template",
    "write_workbook",
]
