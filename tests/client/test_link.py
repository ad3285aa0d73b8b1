"""An enrolment code, typed or in a link."""

from __future__ import annotations

import pytest

from client.link import clean_code, enrolment_code, shown_code


@pytest.mark.parametrize(
    "address",
    [
        "https://liandong.example/#enrol=7K3M9QAB2XYZ",
        "https://liandong.example/#enrol=7k3m-9qab-2xyz",
        "/enrol=7K3M9QAB2XYZ",
        "https://liandong.example/?enrol=7K3M9QAB2XYZ",
    ],
)
def test_code_is_found_in_a_link(address: str) -> None:
    assert enrolment_code("", address) == "7K3M9QAB2XYZ"


def test_address_without_a_code_has_none() -> None:
    assert enrolment_code("https://liandong.example/postman/today", "/") == ""


def test_code_takes_letters_for_the_digits_that_they_look_like() -> None:
    assert clean_code(" o1il-9qab 2xyz ") == "01119QAB2XYZ"


def test_code_is_shown_in_groups_of_four() -> None:
    assert shown_code("7K3M9QAB2XYZ") == "7K3M-9QAB-2XYZ"
    assert shown_code("") == ""
