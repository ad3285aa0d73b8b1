"""One number is one number, however it was typed."""

from __future__ import annotations

import re
from unittest import mock

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from server.reactions import phone_numbers
from server.reactions.phone_numbers import e164, spellings

SAME = ("13800000001", "+8613800000001", "8613800000001", "008613800000001")


@pytest.mark.parametrize("phone", SAME)
def test_mobile_number_has_one_form(phone: str) -> None:
    assert e164(phone) == "+8613800000001"


@pytest.mark.parametrize("phone", SAME)
def test_every_spelling_finds_every_other(phone: str) -> None:
    assert spellings(phone) >= set(SAME)


def test_landline_is_found_with_and_without_its_zero() -> None:
    assert {"07594567890", "7594567890", "+867594567890"} <= spellings("07594567890")


def test_number_of_another_country_keeps_its_code() -> None:
    assert e164("+85291234567") == "+85291234567"
    assert "91234567" not in spellings("+85291234567")


@pytest.mark.parametrize("phone", ["+", "+999"])
def test_what_is_no_number_stands_for_itself(phone: str) -> None:
    assert e164(phone) == phone
    assert spellings(phone) == {phone}


@given(
    st.from_regex(r"1[0-9]{10}", fullmatch=True) | st.from_regex(r"\+?[0-9]{5,15}", fullmatch=True)
)
@example("17904004116")  # Read with a carrier's prefix, it is another number.
@example("17900008928")
@example("13800000001")
def test_the_short_way_for_mobile_numbers_says_what_the_library_says(phone: str) -> None:
    found = e164(phone), spellings(phone)
    with mock.patch.object(phone_numbers, "_MOBILE", re.compile("never")):
        assert found == (e164(phone), spellings(phone))
