"""A bundle: what another device has sealed, taken in as its own push would be."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any, cast

import marshmallow as ma
import sqlalchemy as sa
import structlog
from marshmallow import validate
from sqlalchemy.orm import Session

from server.auth import AuthenticDevice, device_that_signed
from server.database import insert_into, write_transaction
from server.exchange import push, set_aside
from server.identity import identity_of, is_point
from server.models.sync import CarriedBundleModel, EnrolledDeviceModel
from server.mutations.receiving import ReceivedOp, ops_of
from server.problems import ProblemError
from server.sealing import sealed_for
from server.services import Services
from shared.canonical import Json
from shared.wire.bundles import (
    BUNDLE_OPS_MAX,
    BundleState,
    FileKind,
    UnreadableFileError,
    answer_message,
    bundle_digest,
    bundle_message,
    pack_answer,
    read_file,
    unpack_bundle,
)
from shared.wire.compact import pack, unpack
from shared.wire.envelope import from_base64url
from shared.wire.problems import problem
from shared.wire.schemas import instant_ms

__all__ = ["BundleContentSchema", "TakenBundle", "take_bundle"]

_A_DAY = dt.timedelta(days=1)
_ASKED_AGAIN_S = 3_600
_TOLD_TO_ORIGIN = frozenset({"forked", "sequence-gap"})
"""What is wrong with the device and not with the bundle: its person is told, not the carrier."""


class BundleContentSchema(ma.Schema):
    """What a device says in a bundle; operations are looked at one by one, as in a sync."""

    app = ma.fields.Integer(required=True, strict=True)
    ops = ma.fields.List(
        ma.fields.Raw(), required=True, validate=validate.Length(max=BUNDLE_OPS_MAX)
    )
    answered = ma.fields.List(
        ma.fields.Raw(), load_default=list, validate=validate.Length(max=BUNDLE_OPS_MAX)
    )
    answer_key = ma.fields.String(required=True)

    class Meta:
        """Members that a newer app adds are left out."""

        unknown = ma.EXCLUDE


_CONTENT = BundleContentSchema()


@dataclass(frozen=True, slots=True)
class TakenBundle:
    """What became of a bundle, and the sealed file that only its origin can read."""

    state: BundleState
    answer: bytes


@dataclass(frozen=True, slots=True)
class _Brought:
    """A bundle that has been opened and is whole.

    Attributes:
        digest: Of the file.
        origin: The device that signed it, whoever brings it.
        answered: Results that the device holds of some of *ops*, from before a restore.
        answer_key: The point for which the answer is sealed.
    """

    digest: str
    origin: AuthenticDevice
    ops: list[ReceivedOp]
    answered: list[Json]
    answer_key: bytes


def take_bundle(
    shared: Services, session: Session, carrier: AuthenticDevice, content: bytes
) -> TakenBundle:
    """Open what *carrier* has brought, run what is new of it, and seal the results for its origin.

    Raises:
        ProblemError: Nothing of it can be taken: `bundle-unreadable`, `bundle-too-new`,
            `bundle-too-large`, `bundle-foreign`, `bundle-origin-unknown`, `bundle-quota-reached`.
    """
    brought = _opened(shared, session, content)
    _note_carrier(shared, session, carrier, brought)
    results, slug, members = _run(shared, session, brought)
    signer, origin = shared.door.signer, brought.origin
    answer: dict[str, Json] = {
        "bundle": brought.digest,
        "device": origin.number,
        "generation": identity_of(session, signer).generation,
        "server_time": instant_ms(shared.door.clock.now()),
        "last": session.get_one(EnrolledDeviceModel, origin.number).last_seq,
        "results": [*results],
    }
    if slug is not None:
        answer["problem"] = problem(slug, **members)
    body = pack(answer)
    signed = pack_answer(body, signer.sign(answer_message(body)))
    structlog.get_logger().info(
        "bundle",
        device=origin.number,
        carrier=carrier.number,
        ops=len(brought.ops),
        results=len(results),
        told=slug,
    )
    state = BundleState.WAITS if slug == "sequence-gap" else BundleState.ANSWERED
    return TakenBundle(state, sealed_for(brought.answer_key, signed))


def _opened(shared: Services, session: Session, content: bytes) -> _Brought:
    try:
        file = read_file(content)
    except UnreadableFileError as error:
        raise ProblemError(error.slug) from error
    if file.kind is not FileKind.BUNDLE:
        raise ProblemError("bundle-unreadable")
    try:
        bundle = unpack_bundle(shared.sealing.opened(file))
    except ValueError as error:
        raise ProblemError("bundle-unreadable") from error
    message = bundle_message(bundle.body, device=bundle.device, generation=bundle.generation)
    origin = device_that_signed(
        session,
        bundle.device,
        message=message,
        signature=bundle.signature,
        generation=bundle.generation,
    )
    if origin is None:
        raise ProblemError("bundle-origin-unknown")
    try:
        values = unpack(bundle.body, bytes_max=shared.config.body_expanded_bytes_max)
        asked: dict[str, Any] = _CONTENT.load(cast("dict[str, Any]", values))
        ops = ops_of(asked["ops"])
        answer_key = from_base64url(asked["answer_key"])
    except (ma.ValidationError, OverflowError, ValueError) as error:
        raise ProblemError("bundle-unreadable") from error
    if not is_point(answer_key):
        raise ProblemError("bundle-unreadable")
    return _Brought(bundle_digest(content), origin, ops, asked["answered"], answer_key)


def _note_carrier(
    shared: Services, session: Session, carrier: AuthenticDevice, brought: _Brought
) -> None:
    """Write down who has brought what, before it is run; the same again is no news."""
    carried, now = CarriedBundleModel, shared.door.clock.now()
    if session.get(carried, (brought.digest, carrier.number)) is not None:
        return
    lately = sa.select(sa.func.count()).where(
        carried.carrier == carrier.number, carried.received_at > now - _A_DAY
    )
    if (session.scalar(lately) or 0) >= shared.config.bundles_a_day_max:
        raise ProblemError("bundle-quota-reached", wait_s=_ASKED_AGAIN_S)
    seqs = [op.seq for op in brought.ops]
    with write_transaction(session, brought.origin.county_id):
        noted = insert_into(session, carried).values(
            digest=brought.digest,
            carrier=carrier.number,
            county_id=brought.origin.county_id,
            device=brought.origin.number,
            carrier_staff_id=carrier.staff_id,
            first_seq=min(seqs, default=None),
            last_seq=max(seqs, default=None),
            received_at=now,
        )
        session.execute(noted.on_conflict_do_nothing(index_elements=["digest", "carrier"]))


def _run(
    shared: Services, session: Session, brought: _Brought
) -> tuple[list[dict[str, Json]], str | None, dict[str, Json]]:
    """Run the operations as a push of their device; return results, and what stopped it, if so."""
    door, origin, ops = shared.door, brought.origin, brought.ops
    if origin.barred_by is not None:
        set_aside(door, session, origin, ops)
        return [], origin.barred_by, {}
    results: list[dict[str, Json]] = []
    # In the portions of ordinary requests, so that no bundle holds the county up for long.
    portion = shared.config.ops_max
    try:
        for start in range(0, len(ops), portion):
            some = ops[start : start + portion]
            results += push(door, session, origin, some, (), brought.answered)
    except ProblemError as error:
        if error.slug not in _TOLD_TO_ORIGIN:
            raise
        return results, error.slug, error.members
    return results, None, {}
