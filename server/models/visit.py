"""Visits and calls."""

from __future__ import annotations

import datetime as dt

from sqlalchemy.orm import Mapped, mapped_column

from server.models.base import RowModel, TupleOf, reference
from shared.domain import visit
from shared.domain.fields import Count, Id, Note
from shared.domain.visit import CallResult, VisitStatus


class VisitModel(RowModel):
    """A visit of a wealth manager, from a harvest date or from referrals."""

    __tablename__ = "visit"
    ROW = visit.Visit

    outlet_id: Mapped[Id] = mapped_column(reference("outlet.id"), index=True)
    wealth_manager_id: Mapped[Id] = mapped_column(reference("staff.id"), index=True)
    status: Mapped[VisitStatus]
    planned_on: Mapped[dt.date] = mapped_column(index=True)
    village_id: Mapped[Id | None] = mapped_column(reference("village.id"), index=True)
    harvest_date_id: Mapped[Id | None] = mapped_column(reference("harvest_date.id"), index=True)
    referral_ids: Mapped[tuple[str, ...]] = mapped_column(TupleOf(str))
    helper_ids: Mapped[tuple[str, ...]] = mapped_column(TupleOf(str))
    kit: Mapped[tuple[str, ...]] = mapped_column(TupleOf(str))
    kit_packed: Mapped[tuple[str, ...]] = mapped_column(TupleOf(str))
    checked_in_at: Mapped[dt.datetime | None]
    latitude_e6: Mapped[int | None]
    longitude_e6: Mapped[int | None]
    help_done: Mapped[Note]
    escorted: Mapped[Count]
    note: Mapped[Note]
    finished_at: Mapped[dt.datetime | None]
    ended_reason: Mapped[Note | None]


class CallAttemptModel(RowModel):
    """A call to the customer of a referral, and what came of it."""

    __tablename__ = "call_attempt"
    ROW = visit.CallAttempt

    referral_id: Mapped[Id] = mapped_column(reference("referral.id"), index=True)
    by_id: Mapped[Id] = mapped_column(reference("staff.id"))
    at: Mapped[dt.datetime]
    result: Mapped[CallResult]
