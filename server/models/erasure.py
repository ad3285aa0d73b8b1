"""That customers were erased, and by which ids what comes later is known to be about them."""

from __future__ import annotations

import datetime as dt

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from server.models.base import Base, RowModel, reference
from shared.domain import erasure
from shared.domain.erasure import ErasureReason
from shared.domain.fields import Digest, Id


class ErasureModel(RowModel):
    """An erasure; the customer need not exist: a restored server may have lost them."""

    __tablename__ = "erasure"
    ROW = erasure.Erasure

    customer_id: Mapped[Id] = mapped_column(index=True)
    reason: Mapped[ErasureReason]
    by_id: Mapped[Id] = mapped_column(reference("staff.id"))
    at: Mapped[dt.datetime]


class ErasedObjectModel(Base):
    """An object that was about an erased customer alone; `number` orders what phones are told."""

    __tablename__ = "erased_object"
    __table_args__ = (sa.Index("ix_erased_object_number", "county_id", "number"),)

    object_id: Mapped[Id] = mapped_column(primary_key=True)
    county_id: Mapped[Id]
    customer_id: Mapped[Id] = mapped_column(index=True)
    erased_at: Mapped[dt.datetime]
    number: Mapped[int]


class ErasedOpModel(Base):
    """An operation whose text nobody may read any more, in the op log or not (yet) again.

    `body` is what is left of it: should a restore lose its effects, they come from that. `digest`
    is that of the operation as its phone had journalled it.
    """

    __tablename__ = "erased_op"
    __table_args__ = (sa.Index("ix_erased_op_number", "county_id", "number"),)

    digest: Mapped[Digest]
    body: Mapped[str | None] = mapped_column(sa.Text)

    device: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    seq: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    county_id: Mapped[Id]
    customer_id: Mapped[Id] = mapped_column(index=True)
    number: Mapped[int]
