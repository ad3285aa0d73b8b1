"""How a rule reads: rows by id or by equal fields, whoever keeps them.

The server answers from its database, the phone from its replica with the outbox laid over it.
"""

from __future__ import annotations

from typing import ClassVar, Protocol, TypeVar

from shared.domain.refusals import MISSING_OBJECT, RefusedError

__all__ = ["Row", "Rows", "demand"]


class Row(Protocol):
    """A row: a frozen dataclass with an id, of a named table."""

    TABLE: ClassVar[str]

    @property
    def id(self) -> str:
        """The id of the row, of 13 characters."""
        ...


RowT = TypeVar("RowT", bound=Row)


class Rows(Protocol):
    """A consistent view of all rows that the reader may know of."""

    def get(self, table: type[RowT], row_id: str) -> RowT | None:
        """Return the row of that id, or None."""
        ...

    def where(self, table: type[RowT], **equal: object) -> list[RowT]:
        """Return the rows whose named fields equal the given values, ordered by id."""
        ...


def demand(rows: Rows, table: type[RowT], row_id: str) -> RowT:
    """Return the row of that id.

    Raises:
        RefusedError: `missing-object`, when the reader knows none.
    """
    row = rows.get(table, row_id)
    if row is None:
        raise RefusedError(MISSING_OBJECT, table=table.TABLE)
    return row
