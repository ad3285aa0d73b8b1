"""Attachments, and what the server holds of their bytes."""

from __future__ import annotations

import datetime as dt

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from server.models.base import Base, RowModel, reference
from shared.domain import attachment
from shared.domain.attachment import AttachmentKind, AttachmentObject, MediaType
from shared.domain.fields import Digest, Id


class AttachmentModel(RowModel):
    """A file that belongs to an object; a removed one stays as a row."""

    __tablename__ = "attachment"
    ROW = attachment.Attachment

    object_table: Mapped[AttachmentObject]
    object_id: Mapped[Id] = mapped_column(index=True)
    kind: Mapped[AttachmentKind]
    sha256: Mapped[Digest] = mapped_column(index=True)
    size: Mapped[int]
    media_type: Mapped[MediaType]
    made_by_id: Mapped[Id] = mapped_column(reference("staff.id"))
    made_at: Mapped[dt.datetime]
    removed_at: Mapped[dt.datetime | None]


class BlobModel(Base):
    """Bytes that were sent for an object, whole once `completed_at` is set.

    One for each object, though equal bytes are one file: who names a digest has not shown that
    they hold the bytes.
    """

    __tablename__ = "blob"
    __table_args__ = (sa.Index("ix_blob_device", "device", "begun_at"),)

    object_id: Mapped[Id] = mapped_column(primary_key=True)
    sha256: Mapped[Digest] = mapped_column(primary_key=True)
    county_id: Mapped[Id] = mapped_column(index=True)
    device: Mapped[int]
    size: Mapped[int]
    media_type: Mapped[MediaType | None]
    begun_at: Mapped[dt.datetime]
    completed_at: Mapped[dt.datetime | None]
