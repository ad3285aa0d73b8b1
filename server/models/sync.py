"""What the server keeps of devices, their operations, and the feed that it sends them."""

from __future__ import annotations

import datetime as dt

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from server.models.base import Base, TupleOf, reference
from shared.domain.fields import Digest, Id, Name
from shared.domain.moment import ClockGrade
from shared.wire.envelope import OpState

__all__ = [
    "CarriedBundleModel",
    "CountyCounterModel",
    "EnrolledDeviceModel",
    "EnrolmentCodeModel",
    "EnrolmentFailureModel",
    "FeedEntryModel",
    "FeedRowModel",
    "MovedOpModel",
    "OpMentionModel",
    "OpModel",
    "ScopeCounterModel",
    "ServerIdentityModel",
    "SetAsideModel",
]

SCOPE_LENGTH = 32


class ServerIdentityModel(Base):
    """The one row that says which life of the server this is.

    `generation` changes when a backup is restored; `causes` counts what the server did by itself.
    """

    __tablename__ = "server_identity"
    __table_args__ = (sa.CheckConstraint("id = 1", name="single"),)

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    generation: Mapped[str] = mapped_column(sa.String(32))
    public_key: Mapped[str] = mapped_column(sa.String(87))
    causes: Mapped[int] = mapped_column(default=0)


class CountyCounterModel(Base):
    """How many operations a county has taken: the next receipt's number."""

    __tablename__ = "county_counter"

    county_id: Mapped[Id] = mapped_column(primary_key=True)
    ops: Mapped[int] = mapped_column(default=0)
    swept_at: Mapped[dt.datetime | None]


class EnrolmentCodeModel(Base):
    """A one-time code: 4 characters in clear that select it, a keyed hash of all 12."""

    __tablename__ = "enrolment_code"
    __table_args__ = (sa.CheckConstraint("tries_left >= 0", name="tries_left"),)

    selector: Mapped[str] = mapped_column(sa.String(4), primary_key=True)
    secret_hash: Mapped[Digest]
    county_id: Mapped[Id]
    staff_id: Mapped[Id] = mapped_column(reference("staff.id"))
    issued_at: Mapped[dt.datetime]
    expires_at: Mapped[dt.datetime]
    tries_left: Mapped[int]
    used_by_key: Mapped[str | None] = mapped_column(sa.String(87))
    used_by_device: Mapped[int | None]


class EnrolmentFailureModel(Base):
    """A wrong code, kept for some minutes: who guesses must be slower than any code can bear.

    `address` is a keyed hash of the network it came from; `county_id` is that of the code that
    was hit, if one was.
    """

    __tablename__ = "enrolment_failure"
    __table_args__ = (
        sa.Index("ix_enrolment_failure_address", "address", "at"),
        sa.Index("ix_enrolment_failure_county", "county_id", "at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[dt.datetime]
    address: Mapped[str] = mapped_column(sa.String(32))
    county_id: Mapped[Id | None]


class EnrolledDeviceModel(Base):
    """A device's key and how far its operations have come; what people see is a `device` row.

    `scopes` are those that the device may still hold rows of, until it says otherwise.
    `backed_up_seq` is the highest sequence that a verified backup holds, `mentions_upto` the one up
    to which it is noted what the operations mention.
    """

    __tablename__ = "enrolled_device"
    # AUTOINCREMENT, for a number must never be given twice: ids are made of it.
    __table_args__ = (
        sa.CheckConstraint("number BETWEEN 1 AND 1048575", name="number"),
        {"sqlite_autoincrement": True},
    )

    number: Mapped[int] = mapped_column(primary_key=True)
    county_id: Mapped[Id]
    staff_id: Mapped[Id] = mapped_column(reference("staff.id"))
    device_id: Mapped[Id | None]
    public_key: Mapped[str] = mapped_column(sa.String(87))
    app_version: Mapped[int]
    last_seq: Mapped[int] = mapped_column(default=0)
    backed_up_seq: Mapped[int] = mapped_column(default=0)
    mentions_upto: Mapped[int] = mapped_column(default=0, server_default="0")
    scopes: Mapped[tuple[str, ...]] = mapped_column(TupleOf(str), default=())
    enrolled_at: Mapped[dt.datetime]


class OpModel(Base):
    """An operation as it arrived, and what became of it; never deleted, its body may be erased.

    `number` and `signature` make up the receipt once there is a result. `waits_device` and
    `waits_seq` name the operation whose object a deferred one refers to. `promise` is the receipt
    that an earlier life of this server gave for it, and when it came back (`server.exchange`).
    """

    __tablename__ = "op"
    __table_args__ = (
        sa.CheckConstraint("seq BETWEEN 1 AND 16777215", name="seq"),
        sa.CheckConstraint("(state = 'deferred') = (number IS NULL)", name="numbered"),
        sa.UniqueConstraint("county_id", "number"),
        sa.Index("ix_op_state", "county_id", "state"),
    )

    device: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    seq: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    county_id: Mapped[Id]
    digest: Mapped[Digest]
    name: Mapped[str] = mapped_column(sa.String(64))
    v: Mapped[int]
    body: Mapped[str | None] = mapped_column(sa.Text)
    state: Mapped[OpState]
    problem: Mapped[str | None] = mapped_column(sa.Text)
    number: Mapped[int | None]
    signature: Mapped[str | None] = mapped_column(sa.String(86))
    generation: Mapped[str] = mapped_column(sa.String(32))
    received_at: Mapped[dt.datetime]
    captured_from: Mapped[dt.datetime]
    captured_to: Mapped[dt.datetime]
    clock_grade: Mapped[ClockGrade]
    waits_device: Mapped[int | None]
    waits_seq: Mapped[int | None]
    parked_reason: Mapped[str | None] = mapped_column(sa.String(500))
    promise: Mapped[str | None] = mapped_column(sa.Text)


class OpMentionModel(Base):
    """That the text of an operation names an object (`server.mutations.mentions`)."""

    __tablename__ = "op_mention"
    # Read by the object alone: on SQLite the table itself is that index.
    __table_args__ = ({"sqlite_with_rowid": False},)

    row_id: Mapped[Id] = mapped_column(primary_key=True)
    device: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    seq: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)


class MovedOpModel(Base):
    """That an operation of an earlier number of a phone has come under a later one.

    `was_digest` is that of the earlier form: a clone may have given the number to another one.
    """

    __tablename__ = "moved_op"

    was_device: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    was_seq: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    was_digest: Mapped[Digest] = mapped_column(primary_key=True)
    device: Mapped[int]
    seq: Mapped[int]


class SetAsideModel(Base):
    """What a revoked device, or that of somebody who left, sent: for a person to look at."""

    __tablename__ = "set_aside"

    digest: Mapped[Digest] = mapped_column(primary_key=True)
    county_id: Mapped[Id] = mapped_column(index=True)
    device: Mapped[int]
    reason: Mapped[Name]
    received_at: Mapped[dt.datetime]
    body: Mapped[str] = mapped_column(sa.Text)


class CarriedBundleModel(Base):
    """Who has brought which bundle of another device, and when; what is in it is in the op log.

    `first_seq` and `last_seq` are the operations that it held.
    """

    __tablename__ = "carried_bundle"
    __table_args__ = (sa.Index("ix_carried_bundle_carrier", "carrier", "received_at"),)

    digest: Mapped[Digest] = mapped_column(primary_key=True)
    carrier: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    county_id: Mapped[Id]
    device: Mapped[int]
    carrier_staff_id: Mapped[Id]
    first_seq: Mapped[int | None]
    last_seq: Mapped[int | None]
    received_at: Mapped[dt.datetime]


class ScopeCounterModel(Base):
    """The version of a scope; its row lock makes the order of versions that of commits."""

    __tablename__ = "scope_counter"

    scope: Mapped[str] = mapped_column(sa.String(SCOPE_LENGTH), primary_key=True)
    county_id: Mapped[Id]
    version: Mapped[int]


class FeedEntryModel(Base):
    """That a row is in a scope since some version, or that it is gone from there."""

    __tablename__ = "feed"
    # Read by scope and version, and then in this order: on SQLite the table itself is that index.
    __table_args__ = (
        sa.UniqueConstraint("row_id", "table_name", "scope"),
        {"sqlite_with_rowid": False},
    )

    scope: Mapped[str] = mapped_column(sa.String(SCOPE_LENGTH), primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    table_name: Mapped[str] = mapped_column(sa.String(32))
    row_id: Mapped[Id]
    gone: Mapped[bool]


class FeedRowModel(Base):
    """A row as the feed tells it, encoded once for all the scopes that hold it.

    The body is empty when none does.
    """

    __tablename__ = "feed_row"

    row_id: Mapped[Id] = mapped_column(primary_key=True)
    table_name: Mapped[str] = mapped_column(sa.String(32), primary_key=True)
    revision: Mapped[int]
    body: Mapped[str] = mapped_column(sa.Text)
