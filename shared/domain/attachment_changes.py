"""Attaching a file to an object, and taking it away."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from shared.domain.attachment import (
    ATTACHMENTS_MAX,
    KINDS,
    MEDIA_TYPES,
    AttachFile,
    Attachment,
    AttachmentKind,
    AttachmentObject,
    Bearer,
    RemoveAttachment,
    bearer_of,
    live_attachments,
    people_of,
    takes_files,
)
from shared.domain.customer import Customer
from shared.domain.moment import Moment
from shared.domain.mutation import Mutation
from shared.domain.people import Actor
from shared.domain.referral import REFERRERS
from shared.domain.refusals import (
    CUSTOMER_ERASED,
    ILLEGAL_TRANSITION,
    INVALID_ARGUMENT,
    MISSING_OBJECT,
    OUT_OF_SCOPE,
    RefusedError,
)
from shared.domain.rows import Row, Rows, demand
from shared.domain.visit import Visit

__all__ = ["MUTATIONS", "attach_file", "demand_attachable", "remove_attachment"]


def demand_attachable(
    rows: Rows, table: AttachmentObject, object_id: str, kind: AttachmentKind, actor: Actor
) -> Bearer:
    """Return the object, if that person may attach such a thing to it now.

    Raises:
        RefusedError: `missing-object`, `out-of-scope` for who does not work on it,
            `illegal-transition` when it takes nothing any more, `invalid-argument` for a kind
            that does not belong to such an object, `too-many-attachments`, `customer-erased`.
    """
    bearer = bearer_of(rows, table, object_id)
    if bearer is None:
        raise RefusedError(MISSING_OBJECT, table=table.value)
    if actor.staff_id not in people_of(bearer):
        raise RefusedError(OUT_OF_SCOPE, object=table.value)
    if kind not in KINDS[table]:
        raise RefusedError(INVALID_ARGUMENT, field="kind")
    if not takes_files(bearer):
        raise RefusedError(
            ILLEGAL_TRANSITION, object=table.value, status=bearer.status, action="attach"
        )
    if not isinstance(bearer, Visit):
        customer = rows.get(Customer, bearer.customer_id)
        if customer is not None and customer.erased_at is not None:
            raise RefusedError(CUSTOMER_ERASED)
    if len(live_attachments(rows, object_id)) >= ATTACHMENTS_MAX:
        raise RefusedError("too-many-attachments", attachments_max=ATTACHMENTS_MAX)
    return bearer


def attach_file(rows: Rows, args: AttachFile, actor: Actor, moment: Moment) -> Sequence[Row]:
    """Hang a file on an object; the same file a second time changes nothing."""
    if rows.get(Attachment, args.id) is not None:
        raise RefusedError(INVALID_ARGUMENT, field="id")
    if any(one.sha256 == args.sha256 for one in live_attachments(rows, args.object_id)):
        return []
    demand_attachable(rows, args.object_table, args.object_id, args.kind, actor)
    if args.media_type not in MEDIA_TYPES[args.kind]:
        raise RefusedError(INVALID_ARGUMENT, field="media_type")
    return [
        Attachment(
            id=args.id,
            object_table=args.object_table,
            object_id=args.object_id,
            kind=args.kind,
            sha256=args.sha256,
            size=args.size,
            media_type=args.media_type,
            made_by_id=actor.staff_id,
            made_at=moment.captured_to,
        )
    ]


def remove_attachment(
    rows: Rows, args: RemoveAttachment, actor: Actor, moment: Moment
) -> Sequence[Row]:
    """Take a file away: its author alone may, at any time."""
    attachment = demand(rows, Attachment, args.id)
    if attachment.made_by_id != actor.staff_id:
        raise RefusedError(OUT_OF_SCOPE, object="attachment")
    if attachment.removed_at is not None:
        return []
    return [replace(attachment, removed_at=moment.now)]


MUTATIONS = (
    Mutation(name="attach_file", version=1, args=AttachFile, roles=REFERRERS, decide=attach_file),
    Mutation(
        name="remove_attachment",
        version=1,
        args=RemoveAttachment,
        roles=REFERRERS,
        decide=remove_attachment,
    ),
)
"""Every mutation of an attachment; append-only."""
