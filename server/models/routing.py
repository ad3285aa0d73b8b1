"""Why each referral is where it is."""

from __future__ import annotations

import datetime as dt

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from server.models.base import RowModel, TupleOf, reference
from shared.domain import routing
from shared.domain.fields import Count, Id
from shared.domain.routing import RouteStep


class RouteTraceModel(RowModel):
    """Why a lead is where it is, kept for ever; `chosen_id` None is the branch head's queue."""

    __tablename__ = "route"
    ROW = routing.RouteTrace
    # Fairness counts what somebody was given in the last weeks.
    __table_args__ = (sa.Index("ix_route_chosen", "chosen_id", "at"),)

    referral_id: Mapped[Id] = mapped_column(reference("referral.id"), index=True)
    outlet_id: Mapped[Id] = mapped_column(reference("outlet.id"))
    chosen_id: Mapped[Id | None] = mapped_column(reference("staff.id"))
    acting_for_id: Mapped[Id | None]
    rule: Mapped[Count]
    steps: Mapped[tuple[RouteStep, ...]] = mapped_column(TupleOf(RouteStep))
    at: Mapped[dt.datetime]
    due_at: Mapped[dt.datetime]
    backup_due_at: Mapped[dt.datetime]
    escalated_at: Mapped[dt.datetime]
