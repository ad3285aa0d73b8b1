"""Bundles are made and answers opened here: between this device and the server, nobody reads."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

from client.device import Device, DeviceKeys, SealedItem, UnsealError
from client.store.enrolment import Enrolment
from client.store.outbox import Outbox
from client.store.sealed import Result
from shared.canonical import Json
from shared.wire.bundles import (
    BUNDLE_BYTES_MAX,
    BUNDLE_OPS_MAX,
    Bundle,
    FileKind,
    SealedFile,
    answer_message,
    bundle_message,
    pack_bundle,
    point_id,
    seal_info,
    sealing_key_message,
    unpack_answer,
)
from shared.wire.compact import pack, unpack
from shared.wire.envelope import APP_VERSION, from_base64url, to_base64url
from shared.wire.hpke import message_key

__all__ = [
    "BundleAnswer",
    "ForeignAnswerError",
    "MadeBundle",
    "announced_point",
    "known_point",
    "make_bundle",
    "open_answer",
]

POINT_LENGTH = 65
_ANSWER_BYTES_MAX = 4_000_000
_PLAIN_BYTES_MAX = 1_500_000
"""Of operations as journalled: in compact form they take a fifth of that, or less."""


class ForeignAnswerError(Exception):
    """An answer for another device, or for this one under an earlier number."""


@dataclass(frozen=True, slots=True)
class MadeBundle:
    """A bundle's file, the operations in it, and the highest of their sequences."""

    content: bytes
    count: int
    last: int


@dataclass(frozen=True, slots=True)
class BundleAnswer:
    """What the server has said of a bundle, its signature checked; the receipts are not yet.

    Attributes:
        last: The device's highest sequence known to the server then.
        problem: Why it stopped, if it did.
    """

    server_time: int
    last: int
    results: tuple[Result, ...]
    problem: Mapping[str, Json] | None


async def announced_point(
    keys: DeviceKeys, server_key: bytes, values: Mapping[str, Any]
) -> bytes | None:
    """Return the sealing key of an answer; None when it has none, or the server has not signed it.

    What is sealed for anybody else's key would be theirs to read.
    """
    try:
        named = values["sealing_key"]
        point, signature = from_base64url(named["key"]), from_base64url(named["signature"])
    except (KeyError, TypeError, ValueError, AttributeError):
        return None
    if len(point) != POINT_LENGTH:
        return None
    is_signed = await keys.verify(server_key, sealing_key_message(point), signature)
    return point if is_signed else None


def known_point(point: bytes) -> str:
    """Return how a device says which sealing key it knows; nothing, for none."""
    return to_base64url(point_id(point)) if point else ""


async def make_bundle(device: Device, enrolment: Enrolment, outbox: Outbox) -> MadeBundle | None:
    """Return what waits, sealed for the server: all of it, or the earliest that one file holds.

    None when nothing waits that can be read.
    """
    count_max = BUNDLE_OPS_MAX
    while True:
        ops = await outbox.batch(count_max=count_max, bytes_max=_PLAIN_BYTES_MAX)
        if not ops:
            return None
        request: dict[str, Json] = {
            "app": APP_VERSION,
            "ops": [dict(op) for op in ops],
            "answered": outbox.promises(ops),
            "answer_key": to_base64url(await device.keys.answer_key()),
        }
        content = await _sealed_request(device.keys, enrolment, pack(request))
        if len(content) <= BUNDLE_BYTES_MAX or len(ops) == 1:
            return MadeBundle(content, len(ops), cast("int", ops[-1]["seq"]))
        count_max = len(ops) // 2


async def open_answer(keys: DeviceKeys, enrolment: Enrolment, file: SealedFile) -> BundleAnswer:
    """Return what a sealed answer says.

    Raises:
        ForeignAnswerError: It is for another device.
        UnsealError: It is damaged, or not the server's.
    """
    point = await keys.answer_key()
    if file.key_id != point_id(point):
        raise ForeignAnswerError
    enc, sealed = file.sealed[:POINT_LENGTH], file.sealed[POINT_LENGTH:]
    message = message_key(await keys.agree(enc), enc, point, file.info)
    (content,) = await keys.unseal(message.key, [SealedItem(b"", message.nonce + sealed)])
    try:
        body, signature = unpack_answer(content)
    except ValueError as error:
        raise UnsealError from error
    if not await keys.verify(enrolment.server_key, answer_message(body), signature):
        raise UnsealError
    return _read(body, enrolment)


async def _sealed_request(keys: DeviceKeys, enrolment: Enrolment, body: bytes) -> bytes:
    number, generation = enrolment.device, enrolment.generation
    signature = await keys.sign(bundle_message(body, device=number, generation=generation))
    content = pack_bundle(Bundle(number, generation, body, signature))
    point = enrolment.sealing_key
    key_id = point_id(point)
    enc, agreed = await keys.agree_once(point)
    message = message_key(agreed, enc, point, seal_info(FileKind.BUNDLE, key_id))
    sealed = await keys.seal_once(message.key, message.nonce, content)
    return SealedFile(FileKind.BUNDLE, key_id, enc + sealed).to_bytes()


def _read(body: bytes, enrolment: Enrolment) -> BundleAnswer:
    try:
        values = cast("Mapping[str, Any]", unpack(body, bytes_max=_ANSWER_BYTES_MAX))
        if values["device"] != enrolment.device:
            raise ForeignAnswerError
        return BundleAnswer(
            server_time=int(values["server_time"]),
            last=int(values["last"]),
            results=tuple(Result.from_json(result) for result in values["results"]),
            problem=values.get("problem"),
        )
    except (KeyError, TypeError, ValueError, OverflowError, AttributeError) as error:
        raise UnsealError from error
