"""Bytes of attachments: up in pieces, down to whoever may see the object that they hang on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from flask import Blueprint, Response, request
from werkzeug.http import parse_options_header

from server.auth import AuthenticDevice, authentic_device
from server.blobs import BlobFiles, BlobKey, Progress, Upload, progress_of, take_piece, visible_blob
from server.bodies import raw_body
from server.models import db
from server.problems import ProblemError
from server.services import services
from shared.canonical import canonical_bytes
from shared.domain.attachment import AttachmentKind, AttachmentObject
from shared.domain.fields import Digest, Id, Whole
from shared.wire.blobs import BLOB_PIECE_BYTES_MAX, BLOBS_PATH, COMPLETE_HEADER, OFFSET_HEADER
from shared.wire.schemas import load_dataclass

__all__ = ["BlobQuery", "blueprint"]

blueprint = Blueprint("blobs", __name__)

SIZE_MAX = 2**31 - 1
_NUMBERS = ("size", "offset")


@dataclass(frozen=True, slots=True, kw_only=True)
class BlobQuery:
    """What bytes are sent for: the object that they belong to, and where the piece begins."""

    object_table: AttachmentObject
    object_id: Id
    kind: AttachmentKind
    size: Annotated[int, Whole(1, SIZE_MAX)]
    offset: Annotated[int, Whole(0, SIZE_MAX)] = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asked:
    sha256: Digest


@blueprint.post(f"{BLOBS_PATH}/<sha256>")
def post_blob(sha256: str) -> Response:
    """Take one piece of the bytes of a file."""
    shared, session = services(), db.session()
    piece = raw_body(request)
    device = _welcome_device(piece)
    files = _files()
    if parse_options_header(request.content_type)[0] != "application/octet-stream":
        raise ProblemError("unsupported-media-type")
    if len(piece) > BLOB_PIECE_BYTES_MAX:
        raise ProblemError("body-too-large", bytes_max=BLOB_PIECE_BYTES_MAX)
    query = _query()
    upload = _upload(device, sha256, query)
    progress = take_piece(
        session, files, shared.config, upload, query.offset, piece, shared.door.clock.now()
    )
    answer = {"offset": progress.offset, "complete": progress.is_whole}
    return _with_progress(Response(canonical_bytes(answer), mimetype="application/json"), progress)


@blueprint.get(f"{BLOBS_PATH}/<sha256>")
def get_blob(sha256: str) -> Response:
    """Return the bytes, or a range of them; asked by HEAD, how many a device has sent so far."""
    device = _welcome_device(b"")
    files = _files()
    if request.method == "HEAD":
        progress = progress_of(db.session(), files, _upload(device, sha256, _query()))
        return _with_progress(Response(mimetype="application/json"), progress)
    asked = load_dataclass(_Asked, {"sha256": sha256})
    seen = visible_blob(
        db.session(), device.county_id, device.staff_id, asked.sha256,
        services().door.clock.now(),
    )  # fmt: skip
    content = None if seen is None else files.read(device.county_id, asked.sha256)
    if seen is None or content is None:
        raise ProblemError("not-found")
    answer = Response(content, mimetype=seen.media_type.value)
    # The phone keeps its own copy, sealed; a browser's cache would keep a readable one.
    answer.headers["Cache-Control"] = "private, no-store"
    answer.headers["Content-Disposition"] = "attachment"
    answer.make_conditional(request, accept_ranges=True, complete_length=len(content))
    return answer


def _welcome_device(body: bytes) -> AuthenticDevice:
    device = authentic_device(db.session(), request, body)
    if device.barred_by is not None:
        raise ProblemError(device.barred_by)
    return device


def _files() -> BlobFiles:
    folder = services().config.blobs_dir
    if folder is None:
        raise ProblemError("not-found")
    return BlobFiles(folder)


def _query() -> BlobQuery:
    """Return what the query says; numbers come as text there."""
    values: dict[str, object] = dict(request.args.items())
    for name in _NUMBERS:
        text = request.args.get(name, "")
        if text.isascii() and text.isdigit():
            values[name] = int(text[:12])
    return load_dataclass(BlobQuery, values)


def _upload(device: AuthenticDevice, sha256: str, query: BlobQuery) -> Upload:
    asked = load_dataclass(_Asked, {"sha256": sha256})
    return Upload(
        key=BlobKey(device.county_id, query.object_id, asked.sha256),
        object_table=query.object_table,
        kind=query.kind,
        size=query.size,
        device=device.number,
        staff_id=device.staff_id,
    )


def _with_progress(answer: Response, progress: Progress) -> Response:
    answer.headers[OFFSET_HEADER] = str(progress.offset)
    answer.headers[COMPLETE_HEADER] = "?1" if progress.is_whole else "?0"
    return answer
