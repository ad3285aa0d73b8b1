"""The compact form says what plain JSON says, neither more nor less, and can harm nobody."""

from __future__ import annotations

import json
import zlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.canonical import INTEGER_MAX, MalformedJsonError, canonical_bytes, digest_of
from shared.ids import make_id
from shared.wire import compact
from shared.wire.compact import columns, pack, rows, unpack
from shared.wire.compact_dictionary import DICTIONARY_1
from shared.wire.envelope import op_digest
from tools.wire_sizes import leads, request

MAX = 4_000_000
SAFE = st.characters(codec="utf-8", categories=("L", "N", "P", "Zs"))
TEXTS = st.one_of(
    st.text(SAFE, max_size=8),
    st.builds(make_id, st.integers(0, 3), st.integers(0, 9), st.integers(0, 2**20 - 1)),
    st.from_regex(r"1[0-9]{10}", fullmatch=True),
    st.sampled_from(["0", "00", "7", "ZZZZZZZZZZZZZ", "0000000000000", "123456789012345"]),
)
SCALARS = st.one_of(
    st.none(), st.booleans(), st.integers(-INTEGER_MAX // 2, INTEGER_MAX // 2), TEXTS
)
KEYS = st.one_of(st.sampled_from(["seq", "args", "id", "wall"]), TEXTS)
VALUES: st.SearchStrategy[Any] = st.recursive(
    SCALARS,
    lambda inner: st.one_of(st.lists(inner, max_size=5), st.dictionaries(KEYS, inner, max_size=4)),
    max_leaves=40,
)
OPS = st.lists(
    st.fixed_dictionaries(
        {"seq": st.integers(1, 99), "args": st.dictionaries(KEYS, SCALARS, max_size=4)},
        optional={"base": st.dictionaries(TEXTS, st.integers(0, 9), max_size=3), "by": TEXTS},
    ),
    max_size=12,
)


@given(st.one_of(VALUES, OPS))
def test_what_is_packed_is_unpacked_to_the_same(value: Any) -> None:
    again = unpack(pack(value), bytes_max=MAX)
    assert canonical_bytes(again) == canonical_bytes(value)


@given(OPS)
def test_digests_do_not_know_the_form(ops: list[dict[str, Any]]) -> None:
    sent: Any = {"ops": ops}
    again: Any = unpack(pack(sent), bytes_max=MAX)
    assert [op_digest(op) for op in again["ops"]] == [digest_of(op) for op in ops]


@given(VALUES)
def test_any_json_unfolds_to_json_or_is_refused(value: Any) -> None:
    """A stranger's columns end in a value or in one error, never in another."""
    try:
        rows(value)
    except MalformedJsonError:
        return


@given(st.binary(max_size=60))
def test_any_bytes_unfold_or_are_refused(content: bytes) -> None:
    try:
        unpack(content, bytes_max=MAX)
    except MalformedJsonError:
        return


def squeezed(value: Any) -> bytes:
    deflater = zlib.compressobj(9, zlib.DEFLATED, -15, 9, zdict=DICTIONARY_1)
    return b"\x01" + deflater.compress(json.dumps(value).encode()) + deflater.flush()


@pytest.mark.parametrize(
    "value",
    [
        [1, 3],
        [1, 2, ["a"], [2, 1]],
        [1, 2, ["a"], [2, 1, "x"]],
        [1, 2, ["a"], [5, "10"]],
        [1, 2, ["a"], [5, "12", [2, 1]]],
        [1, 2, ["a"], [6, 2, [2, 1, 1]]],
        [1, -1, []],
        [1, True, []],
        [3, "0000000000001"],
        [6, 2],
        [6, 2, [3, "0000000000001", -2]],
        [6, 2, [7, [2], [0, "a", "a"], [0, 1, 1]]],
        [9],
        [],
        [1, 10**7, []],
        [1, 400_000, ["a", "b"], [1, []], [1, []]],
    ],
)
def test_columns_that_do_not_fit_are_refused(value: Any) -> None:
    with pytest.raises(MalformedJsonError):
        unpack(squeezed(value), bytes_max=MAX)


def test_a_bomb_is_never_unpacked() -> None:
    with pytest.raises(OverflowError):
        unpack(squeezed("x" * (MAX + 1)), bytes_max=MAX)


@pytest.mark.parametrize("content", [b"", b"\x00", b"\x02abc", pack({"a": 1})[:-1]])
def test_what_is_no_compact_body_is_refused(content: bytes) -> None:
    with pytest.raises(MalformedJsonError):
        unpack(content, bytes_max=MAX)


def test_something_behind_the_body_is_refused() -> None:
    with pytest.raises(MalformedJsonError):
        unpack(pack({"a": 1}) + b"x", bytes_max=MAX)


def test_columns_stand_once() -> None:
    value: Any = [{"seq": 7 + n, "name": "submit_referral"} for n in range(3)]
    assert columns(value) == [
        1, 3, ["name", "seq"],
        [0, "submit_referral", "submit_referral", "submit_referral"], [2, 7, 1, 1],
    ]  # fmt: skip


def test_a_dictionary_of_a_version_never_changes() -> None:
    """Phones in the field have it: a new one gets the next number."""
    assert (len(DICTIONARY_1), zlib.crc32(DICTIONARY_1)) == (23_560, 2_269_723_751)
    assert max(compact._DICTIONARIES) == compact._NEWEST


@pytest.mark.parametrize(("count", "goal"), [(1, 260), (10, 900), (200, 8_000)])
def test_a_round_s_leads_take_few_bytes(count: int, goal: int) -> None:
    assert len(pack(request(leads(count)))) <= goal
