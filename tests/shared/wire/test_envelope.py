"""What wraps operations and rows on the wire."""

import hashlib

import pytest

from shared.wire.envelope import (
    OpState,
    Receipt,
    format_code,
    from_base64url,
    normalise_code,
    op_digest,
    receipt_bytes,
    signed_message,
    to_base64url,
)


def test_op_digest_is_the_hash_of_the_canonical_bytes() -> None:
    journalled = '{"args":{"name":"王"},"seq":1}'.encode()

    assert op_digest({"seq": 1, "args": {"name": "王"}}) == hashlib.sha256(journalled).hexdigest()


def test_receipt_bytes_leave_the_signature_out() -> None:
    receipt = Receipt(
        number=7,
        device=2,
        seq=3,
        digest="ab" * 32,
        state=OpState.OK,
        at=5,
        generation="g1",
        signature="AAAA",
    )

    assert receipt_bytes(receipt) == (
        b'{"at":5,"device":2,"digest":"' + b"ab" * 32 + b'","generation":"g1",'
        b'"number":7,"seq":3,"state":"ok"}'
    )


def test_signed_message_binds_method_path_body_device_and_generation() -> None:
    empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

    assert signed_message("POST", "/api/v1/sync", b"", device=7, generation="g1") == (
        f"POST\n/api/v1/sync\n{empty}\n7\ng1\n".encode()
    )


def test_base64url_comes_back_without_padding() -> None:
    assert to_base64url(b"\xff\xfe") == "__4"
    assert from_base64url("__4") == b"\xff\xfe"


@pytest.mark.parametrize("text", ["a", "!!!!", "a=b", "ab cd"])
def test_from_base64url_refuses_what_it_is_not(text: str) -> None:
    with pytest.raises(ValueError, match="base64url"):
        from_base64url(text)


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ("K7QM-3F9T-XW2D", "K7QM3F9TXW2D"),
        (" k7qm 3f9t xw2d ", "K7QM3F9TXW2D"),
        ("oil0-oil0-oil0", "011001100110"),
        ("K7QM3F9TXW2", None),
        ("K7QM3F9TXW2DD", None),
        ("K7QM3F9TXW2U", None),
        ("", None),
        ("转介转介转介转介转介转介", None),
    ],
)
def test_normalise_code_reads_what_people_type(typed: str, code: str | None) -> None:
    assert normalise_code(typed) == code


def test_format_code_groups_by_four() -> None:
    assert format_code("K7QM3F9TXW2D") == "K7QM-3F9T-XW2D"
