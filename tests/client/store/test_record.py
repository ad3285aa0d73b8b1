from __future__ import annotations

import zlib

import pytest

from client.store.record import (
    DamagedRecordError,
    Record,
    RecordKind,
    decode_record,
    encode_record,
)

RECORD = Record(
    kind=RecordKind.OP,
    device=7,
    seq=3,
    digest="ab" * 32,
    wrapped_key=b"k" * 60,
    body=b"sealed",
)


def test_record_comes_back_from_its_bytes() -> None:
    assert decode_record(encode_record(RECORD)) == RECORD


def test_record_of_version_1_keeps_its_bytes() -> None:
    """Phones in the field hold journals of this form: a change needs a version 2."""
    short = Record(
        kind=RecordKind.OUTCOMES, device=7, seq=3, digest="00" * 32, wrapped_key=b"", body=b"b"
    )
    assert encode_record(short).hex() == (
        "4c444a5201020000000700000003" + "00" * 32 + "00000000000162c8763d97"
    )


@pytest.mark.parametrize("at", range(len(encode_record(RECORD))))
def test_record_with_any_byte_changed_is_damaged(at: int) -> None:
    content = bytearray(encode_record(RECORD))
    content[at] ^= 0x40
    with pytest.raises(DamagedRecordError):
        decode_record(bytes(content))


@pytest.mark.parametrize("length", [0, 10, 55, 100])
def test_record_cut_short_is_damaged(length: int) -> None:
    with pytest.raises(DamagedRecordError):
        decode_record(encode_record(RECORD)[:length])


@pytest.mark.parametrize(("at", "value"), [(0, 0x4D), (4, 2), (5, 3), (46, 9), (50, 9)])
def test_record_of_unknown_form_is_damaged_although_its_checksum_is_right(
    at: int, value: int
) -> None:
    content = bytearray(encode_record(RECORD)[:-4])
    content[at] = value
    content += zlib.crc32(content).to_bytes(4)
    with pytest.raises(DamagedRecordError):
        decode_record(bytes(content))


def test_erased_record_keeps_sequence_and_digest_alone() -> None:
    erased = decode_record(encode_record(RECORD.erased()))
    assert erased.is_erased
    assert not RECORD.is_erased
    assert (erased.seq, erased.digest) == (3, "ab" * 32)
    assert not any(erased.wrapped_key + erased.body)
