"""The bodies of requests and answers, as marshmallow checks them and OpenAPI describes them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any

import marshmallow as ma
from marshmallow import validate

from shared.canonical import INTEGER_MAX, Json
from shared.domain.fields import Name, Text, Whole
from shared.domain.people import Staff
from shared.ids import DEVICE_NUMBER_MAX, SEQUENCE_MAX
from shared.wire.bundles import BundleState
from shared.wire.envelope import ClockReading, OpState
from shared.wire.schemas import InvalidFieldsError, schema_of

__all__ = [
    "BlobAnswerSchema",
    "BundleAnswerSchema",
    "EnrolAnswerSchema",
    "EnrolRequest",
    "ProblemSchema",
    "SyncAnswerSchema",
    "SyncRequest",
    "SyncRequestSchema",
    "load_sync",
]

OPEN_MAX = 1_000
SCOPES_MAX = 5_000
_CODES: dict[str, Any] = {
    "required": "required",
    "null": "required",
    "invalid": "wrong-type",
    "type": "wrong-type",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class EnrolRequest:
    """A device that asks to be enrolled."""

    code: Annotated[str, Text(1, 40)]
    public_key: Annotated[str, Text(87, 87, r"[A-Za-z0-9_-]{87}")]
    label: Name
    app: Annotated[int, Whole(1, 1_000_000)]


@dataclass(frozen=True, slots=True, kw_only=True)
class SyncRequest:
    """What a device sends and how far it is."""

    app: int
    ops: tuple[Json, ...]
    open_seqs: tuple[int, ...]
    cursors: dict[str, int]
    limit: int
    answered: tuple[Json, ...] = ()
    check: bool = False
    wait: int = 0
    sealing: str | None = None
    erased: int = 0
    acked: int = 0


def _whole(least: int, most: int, **kwargs: Any) -> ma.fields.Integer:
    within = validate.Range(least, most, error=f"out-of-range:{least}:{most}")
    return ma.fields.Integer(strict=True, validate=within, error_messages=_CODES, **kwargs)


def _sequence(**kwargs: Any) -> ma.fields.Integer:
    return _whole(1, SEQUENCE_MAX, **kwargs)


def _instant(**kwargs: Any) -> ma.fields.Integer:
    return _whole(0, INTEGER_MAX, **kwargs)


class OpSchema(ma.Schema):
    """An operation as journalled; one that does not fit is refused alone, by its result."""

    seq = _sequence(required=True)
    name = ma.fields.String(required=True)
    v = _whole(1, 2**31 - 1, required=True)
    args = ma.fields.Dict(keys=ma.fields.String(), required=True)
    base = ma.fields.Dict(keys=ma.fields.String(), values=_whole(0, 2**31 - 1))
    by = ma.fields.String(required=True)
    clock = ma.fields.Nested(schema_of(ClockReading), required=True)


class SyncRequestSchema(ma.Schema):
    """What a device sends and how far it is; members that a newer app adds are not looked at."""

    app = _whole(1, 1_000_000, required=True)
    clock = ma.fields.Nested(schema_of(ClockReading), error_messages=_CODES)
    acked = _whole(0, SEQUENCE_MAX, load_default=0)
    ops = ma.fields.List(ma.fields.Raw(), load_default=(), error_messages=_CODES)
    answered = ma.fields.List(
        ma.fields.Raw(),
        load_default=(),
        validate=validate.Length(max=OPEN_MAX),
        error_messages=_CODES,
    )
    open = ma.fields.List(
        _sequence(), load_default=(), validate=validate.Length(max=OPEN_MAX), error_messages=_CODES
    )
    wait = _whole(0, 3_600, load_default=0)
    sealing = ma.fields.String(validate=validate.Length(max=64), error_messages=_CODES)
    erased = _whole(0, INTEGER_MAX, load_default=0)
    check = ma.fields.Boolean(load_default=False, truthy={True}, falsy={False})
    cursors = ma.fields.Dict(
        keys=ma.fields.String(),
        values=_whole(0, INTEGER_MAX),
        load_default=dict,
        validate=validate.Length(max=SCOPES_MAX),
        error_messages=_CODES,
    )
    limit = _whole(0, INTEGER_MAX, load_default=200_000)

    class Meta:
        """Unknown members are left out."""

        unknown = ma.EXCLUDE


class SealingKeySchema(ma.Schema):
    """The point for which bundles are sealed, and the server's signature of it."""

    key = ma.fields.String(required=True)
    signature = ma.fields.String(required=True)


class EnrolAnswerSchema(ma.Schema):
    """What an enrolled device must know."""

    device = _whole(1, DEVICE_NUMBER_MAX, required=True)
    generation = ma.fields.String(required=True)
    server_key = ma.fields.String(required=True)
    server_time = _instant(required=True)
    staff = ma.fields.Nested(schema_of(Staff), required=True)
    earlier = ma.fields.Dict(keys=ma.fields.String(), values=_whole(0, SEQUENCE_MAX))
    sealing_key = ma.fields.Nested(SealingKeySchema)


class BundleAnswerSchema(ma.Schema):
    """What became of a bundle, and the file for its origin, base64url."""

    state = ma.fields.Enum(BundleState, by_value=True, required=True)
    answer = ma.fields.String(required=True)


class BlobAnswerSchema(ma.Schema):
    """How much of a file's bytes the server has now."""

    offset = _whole(0, INTEGER_MAX, required=True)
    complete = ma.fields.Boolean(required=True)


class ReceiptSchema(ma.Schema):
    """The server's signed word on one operation."""

    number = _whole(1, INTEGER_MAX, required=True)
    device = _whole(1, DEVICE_NUMBER_MAX, required=True)
    seq = _sequence(required=True)
    digest = ma.fields.String(required=True)
    state = ma.fields.Enum(OpState, by_value=True, required=True)
    at = _instant(required=True)
    generation = ma.fields.String(required=True)
    signature = ma.fields.String(required=True)


class ProblemSchema(ma.Schema):
    """A problem (RFC 9457) of the catalogue, with facts as extension members."""

    type = ma.fields.String(required=True)
    status = ma.fields.Integer(required=True)
    title = ma.fields.String(required=True)
    detail = ma.fields.String()
    fields_ = ma.fields.Dict(
        data_key="fields", keys=ma.fields.String(), values=ma.fields.List(ma.fields.String())
    )


class RefusalSchema(ma.Schema):
    """Why an operation was refused; the facts of the rule are members of their own.

    `status` is the rule's own word for the object's state where there is one, else HTTP's number.
    """

    type = ma.fields.String(required=True)
    status = ma.fields.Raw(required=True)
    title = ma.fields.String(required=True)


class ResultSchema(ma.Schema):
    """What became of one operation."""

    seq = _sequence(required=True)
    state = ma.fields.Enum(OpState, by_value=True, required=True)
    problem = ma.fields.Nested(RefusalSchema)
    receipt = ma.fields.Nested(ReceiptSchema)


class EraseOrderSchema(ma.Schema):
    """What the device has to erase: operations (device, sequence), and ids of objects."""

    upto = _whole(0, INTEGER_MAX, required=True)
    ops = ma.fields.List(ma.fields.List(_whole(1, INTEGER_MAX)), required=True)
    objects = ma.fields.List(ma.fields.String(), required=True)


class SyncAnswerSchema(ma.Schema):
    """Results of the device's operations, and a page of what it does not know yet."""

    generation = ma.fields.String(required=True)
    server_time = _instant(required=True)
    last = _whole(0, SEQUENCE_MAX, required=True)
    keep_from = _whole(1, SEQUENCE_MAX + 1)
    earlier = ma.fields.Dict(keys=ma.fields.String(), values=_whole(0, SEQUENCE_MAX))
    known = ma.fields.Dict(keys=ma.fields.String(), values=ma.fields.String())
    sums = ma.fields.Dict(keys=ma.fields.String(), values=ma.fields.String())
    results = ma.fields.List(ma.fields.Nested(ResultSchema), required=True)
    rows = ma.fields.Dict(
        keys=ma.fields.String(), values=ma.fields.List(ma.fields.List(ma.fields.Raw())),
        required=True,
    )  # fmt: skip
    gone = ma.fields.Dict(
        keys=ma.fields.String(), values=ma.fields.List(ma.fields.String()), required=True
    )
    scopes = ma.fields.List(ma.fields.String(), required=True)
    reset = ma.fields.List(ma.fields.String(), required=True)
    cursors = ma.fields.Dict(keys=ma.fields.String(), values=_instant(), required=True)
    more = ma.fields.Boolean(required=True)
    erase = ma.fields.Nested(EraseOrderSchema)
    sealing_key = ma.fields.Nested(SealingKeySchema)


_SYNC_REQUEST = SyncRequestSchema()


def load_sync(values: dict[str, Json]) -> SyncRequest:
    """Return the request of *values*; its operations are looked at one by one, later.

    Raises:
        InvalidFieldsError: With the codes of each member.
    """
    try:
        loaded: dict[str, Any] = _SYNC_REQUEST.load(values)
    except ma.ValidationError as error:
        messages = error.normalized_messages()  # type: ignore[no-untyped-call]
        raise InvalidFieldsError({name: ["invalid"] for name in messages}) from error
    return SyncRequest(
        app=loaded["app"],
        ops=tuple(loaded["ops"]),
        open_seqs=tuple(loaded["open"]),
        cursors=loaded["cursors"],
        limit=loaded["limit"],
        answered=tuple(loaded["answered"]),
        check=loaded["check"],
        wait=loaded["wait"],
        sealing=loaded.get("sealing"),
        erased=loaded["erased"],
        acked=loaded["acked"],
    )
