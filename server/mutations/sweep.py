"""What leaves phones by the mere passing of days: expired numbers, customers long closed."""

from __future__ import annotations

import datetime as dt

import sqlalchemy as sa
from sqlalchemy.orm import Session

from server.models.customer import ContactRevealModel, CustomerContactModel
from server.models.referral import ReferralModel
from server.rows import DatabaseRows
from server.scope import CLOSED_KEPT_DAYS, TELLER_CONTACT_DAYS
from shared.domain.customer import ContactReveal, CustomerContact
from shared.domain.moment import OUTLET_ZONE, day_at_outlet
from shared.domain.referral import OPEN_STATUSES, Referral
from shared.domain.rows import Row

__all__ = ["rows_to_place_anew"]

_BEGINNING = dt.datetime(2000, 1, 1, tzinfo=dt.UTC)
_MIDNIGHT = dt.time(tzinfo=OUTLET_ZONE)
_SPARE = dt.timedelta(days=1)
_DISORDER = dt.timedelta(days=60)  # So long do phones keep what they may have to send again.


def rows_to_place_anew(
    session: Session,
    rows: DatabaseRows,
    county_id: str,
    swept_at: dt.datetime | None,
    now: dt.datetime,
) -> list[Row]:
    """Return the rows whose places may have changed since *swept_at* though nobody touched them."""
    swept_at = swept_at or _BEGINNING
    since, today = day_at_outlet(swept_at), day_at_outlet(now)
    looks = sa.select(ContactRevealModel.id).where(
        ContactRevealModel.county_id == county_id,
        ContactRevealModel.expires_at > swept_at,
        ContactRevealModel.expires_at <= now,
    )
    expired = sa.select(CustomerContactModel.id).where(
        CustomerContactModel.county_id == county_id,
        CustomerContactModel.expires_on >= since - _SPARE,
        CustomerContactModel.expires_on < today,
    )
    return [
        *rows.where_in(CustomerContact, "id", list(session.scalars(expired))),
        *rows.where_in(ContactReveal, "id", list(session.scalars(looks))),
        *rows.where_in(Referral, "id", list(session.scalars(_closed(county_id, since, today)))),
    ]


def _closed(county_id: str, since: dt.date, today: dt.date) -> sa.Select[str]:
    """Select the referrals whose customers may leave a phone between these days."""
    kept = dt.timedelta(days=CLOSED_KEPT_DAYS)
    calls = dt.timedelta(days=TELLER_CONTACT_DAYS)
    first, end = _start_of(since - kept - _SPARE), _start_of(today - kept + _SPARE)
    instants = (
        ReferralModel.captured_to,
        ReferralModel.accepted_at,
        ReferralModel.met_at,
        ReferralModel.verified_at,
    )
    return sa.select(ReferralModel.id).where(
        ReferralModel.county_id == county_id,
        sa.or_(
            sa.and_(
                ReferralModel.status.not_in(OPEN_STATUSES),
                # What happened to it may lie long before its last change; after it only where a
                # restore brought the changes back in another order.
                ReferralModel.changed_at >= first - _DISORDER,
                sa.or_(*(sa.and_(at >= first, at < end) for at in instants)),
            ),
            sa.and_(
                ReferralModel.captured_to >= _start_of(since - calls - _SPARE),
                ReferralModel.captured_to < _start_of(today),
            ),
        ),
    )


def _start_of(day: dt.date) -> dt.datetime:
    return dt.datetime.combine(day, _MIDNIGHT).astimezone(dt.UTC)
