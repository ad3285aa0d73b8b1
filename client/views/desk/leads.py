"""How leads are put in order, and what belongs to each: its cash day, its deadline, its route."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

from client.views.desk.naming import sale_of
from shared.domain.referral import Referral, ReferralStatus
from shared.domain.routing import RouteTrace
from shared.domain.rows import Rows

__all__ = ["CLOSED", "IN_HAND", "by_cash", "cash_on", "is_overdue", "trace_of"]

S = ReferralStatus

CASH_FRESH_DAYS = 3

IN_HAND = (S.ACCEPTED, S.HANDED_OVER, S.VISIT_SET, S.MET)
CLOSED = (S.SUCCEEDED, S.VERIFIED, S.CARED_FOR, S.LOST, S.VOID)


def by_cash(rows: Rows, leads: Iterable[Referral], today: dt.date) -> list[Referral]:
    """Order leads by the day on which the cash comes: ahead, unknown, then long past.

    Cash of the last days is still in the house; what came weeks ago is spent or banked.
    """
    fresh_on = today - dt.timedelta(days=CASH_FRESH_DAYS)

    def place(lead: Referral) -> tuple[int, int, dt.datetime, str]:
        on = cash_on(rows, lead)
        if on is None:
            return 1, 0, lead.captured_from, lead.id
        if on < fresh_on:
            return 2, -on.toordinal(), lead.captured_from, lead.id
        return 0, on.toordinal(), lead.captured_from, lead.id

    return sorted(leads, key=place)


def cash_on(rows: Rows, lead: Referral) -> dt.date | None:
    """Return the day on which the customer's money comes, if the lead came from a sale."""
    sale = sale_of(rows, lead)
    return sale.payout_on if sale else None


def is_overdue(lead: Referral, now: dt.datetime) -> bool:
    """Tell whether a routed lead should have been answered by now."""
    return lead.status is S.ROUTED and lead.due_at is not None and lead.due_at <= now


def trace_of(rows: Rows, lead: Referral) -> RouteTrace | None:
    """Return why the lead is where it is: the route that stands, else the last one."""
    if lead.route_id is not None:
        trace = rows.get(RouteTrace, lead.route_id)
        if trace is not None:
            return trace
    traces = rows.where(RouteTrace, referral_id=lead.id)
    return max(traces, key=lambda trace: (trace.at, trace.id), default=None)
