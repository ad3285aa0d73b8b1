"""Bodies of requests: bounded before and after decompression, and strict JSON."""

from __future__ import annotations

import zlib

from flask import Request
from werkzeug.exceptions import ClientDisconnected

from server.config import Config
from server.problems import ProblemError
from shared.canonical import Json, MalformedJsonError, parse_json
from shared.wire.compact import COMPACT, unpack

__all__ = ["json_of", "raw_body"]

# zlib's own codes: with a gzip header, and with zlib's (which HTTP calls deflate).
_WINDOWS = {"gzip": 16 + zlib.MAX_WBITS, "deflate": zlib.MAX_WBITS}


def raw_body(request: Request) -> bytes:
    """Return the body as sent: what the signature is over.

    Raises:
        MalformedJsonError: The connection broke half-way.
    """
    try:
        return request.get_data(cache=True)
    except ClientDisconnected as error:
        raise MalformedJsonError("the body ends early") from error


def json_of(request: Request, body: bytes, config: Config) -> dict[str, Json]:
    """Return the JSON object that *body* holds.

    Raises:
        ProblemError: `unsupported-media-type`, `body-too-large`.
        MalformedJsonError: It is no JSON object of this protocol.
    """
    if request.mimetype not in {"application/json", COMPACT}:
        raise ProblemError("unsupported-media-type")
    encoding = request.headers.get("Content-Encoding", "identity").strip().lower()
    if encoding not in {"identity", *_WINDOWS}:
        raise ProblemError("unsupported-media-type", encodings=["identity", *_WINDOWS])
    if encoding in _WINDOWS:
        body = _expanded(body, _WINDOWS[encoding], config.body_expanded_bytes_max)
    value = parse_json(body) if request.mimetype != COMPACT else _unpacked(body, config)
    if not isinstance(value, dict):
        raise MalformedJsonError("an object was expected")
    return value


def _unpacked(body: bytes, config: Config) -> Json:
    try:
        return unpack(body, bytes_max=config.body_expanded_bytes_max)
    except OverflowError as error:
        raise ProblemError("body-too-large", bytes_max=config.body_expanded_bytes_max) from error


def _expanded(body: bytes, window: int, bytes_max: int) -> bytes:
    # One byte more than allowed is enough to know; a bomb is never unpacked.
    stream = zlib.decompressobj(window)
    try:
        expanded = stream.decompress(body, bytes_max + 1)
    except zlib.error as error:
        raise MalformedJsonError("the compressed body is damaged") from error
    if len(expanded) > bytes_max:
        raise ProblemError("body-too-large", bytes_max=bytes_max)
    if not stream.eof or stream.unused_data:
        raise MalformedJsonError("the compressed body is cut off or has something behind it")
    return expanded
