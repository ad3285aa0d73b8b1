from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.ids import (
    DEVICE_NUMBER_MAX,
    ID_LENGTH,
    SEQUENCE_MAX,
    SERVER_DEVICE_NUMBER,
    IdParts,
    InvalidIdError,
    derived_id,
    make_id,
    new_id,
    parse_id,
)

SALT_MAX = 2**20 - 1
ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"

devices = st.integers(0, DEVICE_NUMBER_MAX)
sequences = st.integers(0, SEQUENCE_MAX)
salts = st.integers(0, SALT_MAX)
ids = st.builds(make_id, devices, sequences, salts)


@given(devices, sequences, salts)
def test_an_id_says_what_it_was_made_of(device: int, sequence: int, salt: int) -> None:
    text = make_id(device, sequence, salt)
    assert len(text) == ID_LENGTH
    assert set(text) <= set(ALPHABET)
    assert parse_id(text) == IdParts(device, sequence, salt)


def test_ids_are_what_the_frozen_phones_already_made() -> None:
    assert make_id(0, 0, 0) == "0000000000000"
    assert make_id(DEVICE_NUMBER_MAX, SEQUENCE_MAX, SALT_MAX) == "FZZZZZZZZZZZZ"
    assert make_id(7, 42, 1) == "0003G001A0001"


@given(devices, st.lists(st.tuples(sequences, salts), min_size=2, max_size=6))
def test_ids_of_one_device_sort_by_sequence(device: int, made: list[tuple[int, int]]) -> None:
    texts = [make_id(device, sequence, salt) for sequence, salt in made]
    assert [parse_id(text).sequence for text in sorted(texts)] == sorted(
        sequence for sequence, _ in made
    )


@pytest.mark.parametrize(
    ("device", "sequence", "salt"),
    [
        (-1, 0, 0),
        (DEVICE_NUMBER_MAX + 1, 0, 0),
        (0, -1, 0),
        (0, SEQUENCE_MAX + 1, 0),
        (0, 0, -1),
        (0, 0, SALT_MAX + 1),
    ],
)
def test_parts_out_of_range_are_a_programmer_s_error(device: int, sequence: int, salt: int) -> None:
    with pytest.raises(AssertionError):
        make_id(device, sequence, salt)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "000000000000",
        "00000000000000",
        "000000000000I",
        "000000000000L",
        "000000000000O",
        "000000000000U",
        "000000000000a",
        "000000000000 ",
        "000000000000-",
        "00000000000\n0",
        "00000000000é0",
        "00000000000٠٠",  # Arabic-Indic zeros: digits to `int`, not to us.
        "G000000000000",  # 2**64
        "ZZZZZZZZZZZZZ",
    ],
)
def test_parse_id_refuses_what_is_no_id(text: str) -> None:
    with pytest.raises(InvalidIdError):
        parse_id(text)


@given(st.text(max_size=20))
def test_parse_id_takes_a_text_only_if_it_would_make_the_same(text: str) -> None:
    try:
        parts = parse_id(text)
    except InvalidIdError:
        return
    assert make_id(parts.device_number, parts.sequence, parts.salt) == text


def test_new_ids_of_one_op_differ() -> None:
    made = {new_id(3, 9) for _ in range(200)}
    # Twenty bits of salt: two of 200 meet in one run of fifty, three hardly ever.
    assert len(made) >= 198
    assert {parse_id(text).sequence for text in made} == {9}


@given(ids, st.sampled_from(["customer", "consent", "version"]), st.integers(0, 1000))
def test_a_derived_id_is_the_same_on_every_run_and_names_the_same_op(
    cause: str, kind: str, ordinal: int
) -> None:
    derived = derived_id(cause, kind, ordinal)
    assert derived == derived_id(cause, kind, ordinal)
    made, by = parse_id(derived), parse_id(cause)
    assert (made.device_number, made.sequence) == (by.device_number, by.sequence)


def test_derived_ids_are_what_a_restored_server_makes_again() -> None:
    cause = make_id(7, 42, 1)
    assert derived_id(cause, "customer") == "0003G001A4C8M"
    assert derived_id(cause, "customer", 1) == "0003G001A4C8N"
    assert derived_id(cause, "consent") == "0003G001A1NJA"


@given(ids, st.integers(1, 300))
def test_what_follows_from_one_op_in_a_row_never_meets(cause: str, count: int) -> None:
    assert len({derived_id(cause, "version", ordinal) for ordinal in range(count)}) == count


def test_derived_id_refuses_a_cause_that_is_no_id() -> None:
    with pytest.raises(InvalidIdError):
        derived_id("nothing", "customer")


def test_the_server_has_a_number_of_its_own() -> None:
    assert parse_id(new_id(SERVER_DEVICE_NUMBER, 1)).device_number == 0
