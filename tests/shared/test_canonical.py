from __future__ import annotations

import hashlib
import json
from collections import OrderedDict
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.canonical import (
    DEPTH_MAX,
    INTEGER_MAX,
    MalformedJsonError,
    canonical_bytes,
    digest_of,
    parse_json,
    without_forbidden,
)

FORBIDDEN = [
    "\x00",
    "\x1b",
    "\x7f",
    "\r",
    "\ud800",
    "\udfff",
    "\u202e",  # Turns the text that follows around.
    "\u2066",
]

# Without control characters, lone surrogates and the marks that reorder text.
texts = st.text(
    st.characters(exclude_categories=("Cs", "Cc", "Cf")) | st.sampled_from("\n\t"), max_size=20
)
values = st.recursive(
    st.none() | st.booleans() | st.integers(-INTEGER_MAX, INTEGER_MAX) | texts,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=20,
)


@given(values)
def test_what_is_written_is_read_back(value: Any) -> None:
    assert parse_json(canonical_bytes(value)) == value


@given(st.dictionaries(texts, values, max_size=6), st.randoms())
def test_one_value_has_one_byte_sequence_in_whatever_order(value: Any, random: Any) -> None:
    members = list(value.items())
    random.shuffle(members)
    assert canonical_bytes(OrderedDict(members)) == canonical_bytes(value)


def test_canonical_bytes_are_sorted_without_white_space_and_unescaped() -> None:
    value = {"b": [1, None, True], "a": {"姓名": "陈大叔", "é": '"\n'}}
    written = '{"a":{"é":"\\"\\n","姓名":"陈大叔"},"b":[1,null,true]}'
    assert canonical_bytes(value) == written.encode()


def test_tuples_are_written_as_arrays() -> None:
    assert canonical_bytes({"ids": ("x", "y")}) == b'{"ids":["x","y"]}'


def test_digest_is_the_sha256_of_the_canonical_bytes() -> None:
    assert digest_of({"a": 1}) == hashlib.sha256(b'{"a":1}').hexdigest()
    assert digest_of({"a": 1}) != digest_of({"a": "1"})


@pytest.mark.parametrize(
    "value", [1.0, {"a": 0.1}, [1, [float("nan")]], {"a": ({"b": float("inf")},)}]
)
def test_canonical_bytes_refuse_floats(value: object) -> None:
    with pytest.raises(TypeError, match="no floats"):
        canonical_bytes(value)


def test_canonical_bytes_refuse_what_json_does_not_have() -> None:
    with pytest.raises(TypeError):
        canonical_bytes({"at": object()})


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b'{"a":1}x',
        b"'a'",
        b"NaN",
        b"[Infinity]",
        b"-Infinity",
        b"1.0",
        b"1e999",
        b"1E2",
        b"-0.0",
        b"9007199254740992",
        b"-9007199254740992",
        b"1" * 5000,
        b"-" + b"9" * 5000,
        b'{"a":1,"a":2}',
        b'{"a":{"b":1,"c":2,"b":3}}',
        b'{"a":1,"\\u0061":2}',
        b'"\\ud800"',
        b'{"\\udfff":1}',
        b'"\\u0000"',
        b'"\\u202e"',
        b'"a\nb"',
        b"\xff\xfe",
        b'"\xc3"',
        b"\xef\xbb\xbf{}",
        b"[" * 100_000,
        b'{"a":' * 100_000,
        b"[" * (DEPTH_MAX + 2) + b"]" * (DEPTH_MAX + 2),
    ],
    ids=lambda body: body[:24].decode("latin-1"),
)
def test_parse_json_refuses_what_strangers_send(body: bytes) -> None:
    with pytest.raises(MalformedJsonError):
        parse_json(body)


@pytest.mark.parametrize("character", FORBIDDEN, ids=ascii)
@pytest.mark.parametrize("wrap", [lambda c: c, lambda c: [c], lambda c: {"a": c}, lambda c: {c: 1}])
def test_parse_json_refuses_forbidden_characters_anywhere(character: str, wrap: Any) -> None:
    body = json.dumps(wrap(f"陈{character}叔")).encode()
    with pytest.raises(MalformedJsonError, match="forbidden character"):
        parse_json(body)


@pytest.mark.parametrize("character", FORBIDDEN, ids=ascii)
def test_a_text_without_forbidden_characters_is_taken(character: str) -> None:
    text = without_forbidden(f"{character}陈{character}叔\n\t{character}")
    assert text == "陈叔\n\t"
    assert parse_json(canonical_bytes(text)) == text


def test_parse_json_takes_what_is_at_its_limits() -> None:
    deepest = b"[" * (DEPTH_MAX + 1) + b"]" * (DEPTH_MAX + 1)
    parse_json(deepest)
    assert parse_json(b"[9007199254740991,-9007199254740991]") == [INTEGER_MAX, -INTEGER_MAX]
    assert parse_json(b'"a\\nb\\tc"') == "a\nb\tc"
    assert parse_json('"😀 ，。"'.encode()) == "😀 ，。"


@given(st.binary(max_size=60))
def test_parse_json_never_fails_otherwise(body: bytes) -> None:
    try:
        parse_json(body)
    except MalformedJsonError:
        return


@given(st.text('[]{}",:0123456789.eE+-\\ud8truefalsn ', max_size=40))
def test_parse_json_never_fails_otherwise_on_what_looks_like_json(text: str) -> None:
    try:
        value = parse_json(text.encode())
    except MalformedJsonError:
        return
    assert parse_json(canonical_bytes(value)) == value


def test_the_messages_say_where() -> None:
    with pytest.raises(MalformedJsonError, match="at character 1"):
        parse_json(b"{x}")
    with pytest.raises(MalformedJsonError, match="at byte 1"):
        parse_json(b'"\xff"')
