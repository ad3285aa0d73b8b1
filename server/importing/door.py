"""The import itself: read, check all of it, then apply all of it or nothing."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.orm import Session

from server.database import write_transaction
from server.identity import next_cause
from server.importing.checking import Judgement, county_named, judge, select_sheet
from server.importing.existing import Existing, read_existing
from server.importing.faults import Fault, WorkbookError
from server.importing.parsing import Parsed, parse_grids
from server.importing.reading import read_grids
from server.importing.report import ImportReport
from server.models.people import CountyModel
from server.mutations.batch import WriteDoor
from server.mutations.own import own_transaction
from server.rows import DatabaseRows
from shared.domain.moment import day_at_outlet
from shared.domain.people import County
from shared.ids import SERVER_DEVICE_NUMBER, make_id, parse_id

__all__ = ["import_organisation"]

_NO_CAUSE = make_id(SERVER_DEVICE_NUMBER, 0, 0)
_FIRST_COUNTY = "first-county"


def import_organisation(  # noqa: PLR0913 - the options of the command
    door: WriteDoor,
    session: Session,
    path: Path,
    *,
    sheet: str | None = None,
    county: str | None = None,
    dry_run: bool = False,
) -> ImportReport:
    """Bring the county to what the workbook says, or report every fault and change nothing.

    Args:
        door: The server's write door.
        session: A database session of one's own.
        path: An XLSX workbook, a folder or zip of CSV files, or one CSV file.
        sheet: The one sheet to read; tells what a single CSV file is.
        county: The county branch, where the workbook does not name it.
        dry_run: Say what would change, and change nothing.
    """
    run = _Import(door, session)
    try:
        parsed = parse_grids(select_sheet(read_grids(path), sheet))
        found = run.county(county or county_named(parsed))
        judgement = run.judged(parsed, found or "", _NO_CAUSE)
        if found is None and parsed.organisation.kinds:
            # Told with all the other faults, so that one round of corrections is enough.
            needed = Fault(slug="county-needed")
            judgement = Judgement(faults=(needed, *judgement.faults), notes=judgement.notes)
        elif (
            found is not None
            and judgement.plan is not None
            and judgement.plan.changes
            and not dry_run
        ):
            judgement = run.applied(parsed, found)
    except WorkbookError as error:
        return ImportReport(faults=(error.fault,), names={}, is_dry_run=dry_run)
    finally:
        session.rollback()
    report = ImportReport(
        faults=judgement.faults, notes=judgement.notes, names={}, is_dry_run=dry_run
    )
    if judgement.plan is None:
        return report
    return replace(report, changes=judgement.plan.changes, names=judgement.plan.names)


@dataclass(frozen=True, slots=True)
class _Import:
    """Where one import reads and writes."""

    door: WriteDoor
    session: Session

    def county(self, name: str | None) -> County | str | None:
        """Return the county of that name, the only one, or the name of the one to be made."""
        known = self.session.execute(sa.select(CountyModel.id, CountyModel.name)).all()
        counties = {row.name: County(id=row.id, name=row.name) for row in known}
        if name is not None:
            return counties.get(name, name)
        return next(iter(counties.values())) if len(counties) == 1 else None

    def judged(self, parsed: Parsed, found: County | str, cause: str) -> Judgement:
        """Check and plan; new rows get ids that follow from *cause*."""
        new_id = _ids_after(cause)
        today = day_at_outlet(self.door.clock.now())
        if isinstance(found, str):
            return judge(parsed, Existing(), County(id=new_id(), name=found), new_id, today)
        existing = read_existing(DatabaseRows(self.session, found.id), found)
        return judge(parsed, existing, found, new_id, today)

    def applied(self, parsed: Parsed, found: County | str) -> Judgement:
        """Plan again inside the write lock, so that the plan is still true, and write it."""
        county = found if isinstance(found, County) else self._new_county(found)
        with own_transaction(self.door, self.session, county.id) as tx:
            existing = read_existing(tx.rows, county)
            if county is not found:
                existing = replace(existing, county=None)
            today = day_at_outlet(self.door.clock.now())
            judgement = judge(parsed, existing, county, _ids_after(tx.op_id), today)
            for change in judgement.plan.changes if judgement.plan else ():
                tx.put(change.after)
        return judgement

    def _new_county(self, name: str) -> County:
        """Return a county with an id of its own: its lock can only be taken by that id."""
        with write_transaction(self.session, _FIRST_COUNTY):
            return County(id=next_cause(self.session, self.door.signer), name=name)


def _ids_after(cause: str) -> Callable[[], str]:
    """Return what makes ids that follow from *cause*, none of them twice."""
    parts = parse_id(cause)
    # Counted, not derived: of thousands of derived ids, two would have the same salt.
    salts = itertools.count(1)
    return lambda: make_id(parts.device_number, parts.sequence, next(salts))
