"""One request and its answer: signed, bounded, and believed only when it is really the server's."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import cast

from client.device import Device, HttpReply, NetworkUnreachableError
from client.store.enrolment import Enrolment
from shared.canonical import Json, MalformedJsonError, canonical_bytes, parse_json
from shared.wire.compact import COMPACT, pack, unpack
from shared.wire.envelope import (
    DEVICE_HEADER,
    DIGEST_HEADER,
    GENERATION_HEADER,
    SIGNATURE_HEADER,
    content_digest,
    signed_message,
    to_base64url,
)

__all__ = [
    "NoAnswerError",
    "ServerRefusedError",
    "believed",
    "exchange",
    "exchange_bytes",
    "exchange_signed",
]

TIMEOUT_S = 60.0
_RETRY_AFTER_S_MAX = 3600
_ANSWER_BYTES_MAX = 16_000_000
_OK = 200
_TRANSIENT = frozenset({408, 425, 429})
_PROBLEM = "application/problem+json"
_JSON = "application/json"


class NoAnswerError(Exception):
    """Nothing that can be believed came back: no network, a portal's page, a failing server.

    Attributes:
        retry_after_s: How long the server asked to be left alone, if it did.
        is_answered: Whether something answered at all, if only to say nothing of use.
        members: Of the problem that the server named, if it did.
    """

    def __init__(
        self,
        reason: str,
        *,
        retry_after_s: int = 0,
        is_answered: bool = True,
        members: Mapping[str, Json] | None = None,
    ) -> None:
        """Give up this try for *reason*, which is for the log."""
        super().__init__(reason)
        self.members = members or {}
        self.retry_after_s = retry_after_s
        self.is_answered = is_answered


class ServerRefusedError(Exception):
    """The server refused the request as a whole, with a problem of the catalogue."""

    def __init__(self, slug: str, status: int, members: Mapping[str, Json]) -> None:
        """Refuse for the reason *slug*."""
        super().__init__(slug)
        self.slug = slug
        self.status = status
        self.members = members


async def exchange_signed(
    device: Device,
    enrolment: Enrolment,
    path: str,
    request: Mapping[str, Json],
    *,
    timeout_s: Callable[[int], float] = lambda _: TIMEOUT_S,
) -> dict[str, Json]:
    """Post *request* to *path*, signed by the device; return the answer's object.

    *timeout_s* says how long a body of so many bytes may take.

    Raises:
        NoAnswerError: Try again later.
        ServerRefusedError: Trying again the same will not help.
    """
    body = pack(dict(request))
    return await exchange_bytes(
        device, enrolment, path, body, kind=COMPACT, timeout_s=timeout_s(len(body))
    )


async def exchange_bytes(  # noqa: PLR0913 - what a request is made of
    device: Device, enrolment: Enrolment, path: str, body: bytes, *, kind: str, timeout_s: float
) -> dict[str, Json]:
    """Post *body*, whose media type is *kind*; otherwise as `exchange_signed`."""
    headers = _headers(kind)
    message = signed_message(
        "POST", path, body, device=enrolment.device, generation=enrolment.generation
    )
    headers[DEVICE_HEADER] = str(enrolment.device)
    headers[GENERATION_HEADER] = enrolment.generation
    headers[SIGNATURE_HEADER] = to_base64url(await device.keys.sign(message))
    return await _post(device, path, body, headers, timeout_s)


async def exchange(device: Device, path: str, request: Mapping[str, Json]) -> dict[str, Json]:
    """Post *request* to *path*, not signed; otherwise as `exchange_signed`."""
    body, headers = canonical_bytes(request), _headers(_JSON)
    return await _post(device, path, body, headers, TIMEOUT_S)


def _headers(kind: str) -> dict[str, str]:
    # Whatever else comes is a problem or a portal's page; `believed` tells them apart.
    return {"Content-Type": kind, "Accept": f"{kind}, */*"}


async def _post(
    device: Device, path: str, body: bytes, headers: Mapping[str, str], timeout_s: float
) -> dict[str, Json]:
    try:
        reply = await device.http.post(path, body, headers, timeout_s=timeout_s)
    except NetworkUnreachableError as error:
        raise NoAnswerError(f"unreachable: {error}", is_answered=False) from error
    return believed(reply)


def believed(reply: HttpReply) -> dict[str, Json]:
    """Return the object of a good answer; a portal's page of status 200 is none."""
    said = reply.headers.get(DIGEST_HEADER.lower())
    if said is not None and said != content_digest(reply.body):
        # A changed digit of a row is as good JSON as the right one.
        raise NoAnswerError(f"{reply.status} with another body than was sent")
    kind = reply.headers.get("content-type", "").partition(";")[0].strip().lower()
    retry_after_s = _retry_after_s(reply)
    if kind not in {_JSON, _PROBLEM, COMPACT}:
        raise NoAnswerError(
            f"{reply.status} {kind or 'without a type'}", retry_after_s=retry_after_s
        )
    try:
        is_compact = kind == COMPACT
        value = (
            unpack(reply.body, bytes_max=_ANSWER_BYTES_MAX)
            if is_compact
            else parse_json(reply.body)
        )
    except (MalformedJsonError, OverflowError) as error:
        raise NoAnswerError(f"cut or damaged answer: {error}") from error
    if not isinstance(value, dict):
        raise NoAnswerError("the answer is no object")
    if kind != _PROBLEM and reply.status == _OK:
        return value
    slug = str(value.get("type", "")).removeprefix("/problems/")
    is_refusal = 400 <= reply.status < 500 and reply.status not in _TRANSIENT  # noqa: PLR2004
    if kind == _PROBLEM and slug and is_refusal:
        raise ServerRefusedError(slug, reply.status, cast("Mapping[str, Json]", value))
    raise NoAnswerError(f"{reply.status} {slug}", retry_after_s=retry_after_s, members=value)


def _retry_after_s(reply: HttpReply) -> int:
    text = reply.headers.get("retry-after", "")
    # A date would have to be measured by a clock that nobody trusts.
    return min(int(text), _RETRY_AFTER_S_MAX) if text.isascii() and text.isdigit() else 0
