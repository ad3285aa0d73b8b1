"""What follows from attaching a file: its bytes must be here."""

from __future__ import annotations

from server.models.attachment import BlobModel
from server.mutations.transaction import Transaction
from shared.domain.attachment import AttachFile
from shared.domain.refusals import INVALID_ARGUMENT, RefusedError

__all__ = ["after_attach"]


def after_attach(tx: Transaction, args: AttachFile) -> None:
    """Refuse a file whose bytes were not sent for this object, whole, or are something else.

    Raises:
        RefusedError: `blob-missing`, `invalid-argument`.
    """
    blob = tx.session.get(BlobModel, (args.object_id, args.sha256))
    if blob is None or blob.completed_at is None or blob.county_id != tx.county_id:
        raise RefusedError("blob-missing")
    if blob.size != args.size:
        raise RefusedError(INVALID_ARGUMENT, field="size")
    if blob.media_type is not args.media_type:
        raise RefusedError(INVALID_ARGUMENT, field="media_type")
