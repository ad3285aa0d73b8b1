"""A phone number is judged while it is typed."""

from __future__ import annotations

import pytest

from client.actions.phone import check_phone, grouped, masked, plain_phone


@pytest.mark.parametrize(
    ("typed", "digits"),
    [
        ("138 0000 1234", "13800001234"),
        ("138-0000-1234", "13800001234"),
        ("+86 138 0000 1234", "13800001234"),
        ("0086 13800001234", "13800001234"),
        ("86 138 0000 1234", "13800001234"),
        ("0759-488 1234", "07594881234"),
    ],
)
def test_phone_loses_what_is_not_dialled(typed: str, digits: str) -> None:
    assert plain_phone(typed) == digits


@pytest.mark.parametrize(
    ("typed", "is_whole", "key"),
    [
        ("", True, None),
        ("13800001234", True, None),
        ("07594881234", True, None),
        ("1", False, "phone.missing"),
        ("1380000", False, "phone.missing"),
        ("12800001234", False, "phone.no_such_start"),
        ("28800001234", False, "phone.no_such_start"),
        ("138000012345", False, "phone.too_long"),
        ("075948", False, "phone.landline_short"),
        ("abc", False, "phone.no_digits"),
    ],
)
def test_phone_is_judged_as_far_as_it_was_typed(
    typed: str, key: str | None, *, is_whole: bool
) -> None:
    check = check_phone(typed)
    assert (check.is_whole, check.key) == (is_whole, key)


def test_phone_counts_the_digits_that_are_missing() -> None:
    assert check_phone("13800").digits_missing == 6


def test_phone_is_grouped_to_be_read_aloud_and_masked_to_be_shown() -> None:
    assert grouped("13800001234") == "138 0000 1234"
    assert masked("13800001234") == "138****1234"
    assert masked("07598812345") == "075****2345"
    assert masked("12345") == "****"
