"""Enrolment and sync: all that a phone ever asks of the server."""

from __future__ import annotations

from flask import Blueprint, Response, g, request

from server.auth import AuthenticDevice, authentic_device
from server.bodies import json_of, raw_body
from server.enrolment import Application, enrol
from server.exchange import has_news, push, reply, set_aside
from server.identity import is_point
from server.models import db
from server.mutations.receiving import ReceivedOp, ops_of
from server.problems import ProblemError
from server.routes.schemas import EnrolRequest, SyncRequest, load_sync
from server.services import services
from shared.canonical import Json, canonical_bytes
from shared.wire.compact import COMPACT, pack
from shared.wire.envelope import (
    DIGEST_HEADER,
    ENROL_PATH,
    SYNC_PATH,
    content_digest,
    from_base64url,
)
from shared.wire.rows import encode
from shared.wire.schemas import InvalidFieldsError, instant_ms, load_dataclass

__all__ = ["blueprint"]

blueprint = Blueprint("sync", __name__)


@blueprint.post(ENROL_PATH)
def post_enrol() -> Response:
    """Bind a device's key to the person whose one-time code it shows."""
    shared = services()
    asked = load_dataclass(EnrolRequest, json_of(request, raw_body(request), shared.config))
    if not is_point(from_base64url(asked.public_key)):
        raise InvalidFieldsError({"public_key": ["bad-format"]})
    application = Application(
        code=asked.code,
        public_key=asked.public_key,
        label=asked.label,
        app_version=asked.app,
        address=request.remote_addr or "",
    )
    enrolled = enrol(shared.door, shared.config, db.session(), application)
    return _json(
        {
            "device": enrolled.device_number,
            "generation": enrolled.generation,
            "server_key": enrolled.server_key,
            "server_time": instant_ms(shared.door.clock.now()),
            "staff": encode(enrolled.staff),
            "earlier": {**enrolled.earlier},
            **shared.sealing.announced(known=""),
        }
    )


@blueprint.post(SYNC_PATH)
def post_sync() -> Response:
    """Take a device's operations, and tell it what it does not know yet."""
    shared, session = services(), db.session()
    body = raw_body(request)
    device = authentic_device(session, request, body)
    asked = load_sync(json_of(request, body, shared.config))
    ops = _ops_of(asked, shared.config.ops_max)
    if device.barred_by is not None:
        set_aside(shared.door, session, device, ops)
        raise ProblemError(device.barred_by)
    if asked.wait and not (ops or asked.open_seqs):
        _wait(device, asked)
        session = db.session()
    results = push(shared.door, session, device, ops, asked.open_seqs, asked.answered)
    answer = reply(
        shared.door,
        session,
        device,
        results=results,
        cursors=asked.cursors,
        bytes_max=min(asked.limit, shared.config.rows_bytes_max),
        is_check=asked.check,
        erased=asked.erased,
        acked=asked.acked,
    )
    if asked.sealing is not None:
        answer |= shared.sealing.announced(asked.sealing)
    # Plain for whoever does not ask for the other by name: "*/*" is what people's tools say.
    return _json(answer, is_compact=COMPACT in request.headers.get("Accept", ""))


def _wait(device: AuthenticDevice, asked: SyncRequest) -> None:
    """Wait for news with nothing held open: no transaction, no connection."""
    g.is_no_measure = True  # It works on nothing meanwhile.

    def is_over() -> bool:
        try:
            return has_news(db.session(), device, asked.cursors)
        finally:
            db.session.remove()

    services().waiting.wait(asked.wait, is_over)


def _ops_of(asked: SyncRequest, ops_max: int) -> list[ReceivedOp]:
    if len(asked.ops) > ops_max:
        raise ProblemError("body-too-large", ops_max=ops_max)
    return ops_of(asked.ops)


def _json(answer: dict[str, Json], *, is_compact: bool = False) -> Response:
    body = pack(answer) if is_compact else canonical_bytes(answer)
    headers = {DIGEST_HEADER: content_digest(body)}
    kind = COMPACT if is_compact else "application/json"
    return Response(body, mimetype=kind, headers=headers)
