"""Make the dictionary of the wire's compact form: ``python -m tools.wire_dictionary``.

Of the schemas' own words, what is commonest last. A dictionary that was released never changes:
phones have it. A better one gets the next number, beside it.
"""

from __future__ import annotations

import dataclasses
import enum
import json
import types
import typing
import zlib
from collections.abc import Iterator
from pathlib import Path

from shared.canonical import Json
from shared.wire.compact import columns
from shared.wire.mutations import MUTATIONS
from shared.wire.problems import PROBLEMS, problem
from shared.wire.rows import TABLES

PLACE = Path(__file__).parent.parent / "shared" / "wire" / "compact_dictionary.py"
HEAD = '''"""What the compact form knows beforehand; made by `python -m tools.wire_dictionary`."""

from __future__ import annotations

__all__ = ["DICTIONARY_1"]

DICTIONARY_1 = (
'''
WIDTH = 72
COMMON = ("open_care_card", "report_harvest_date", "submit_referral")
"""What a postman records all day, the commonest last."""
CLOCK: dict[str, Json] = {
    "anchor": {"boot": "", "mono": 10, "server": 1779, "wall": 1779},
    "boot": "",
    "mono": 10,
    "wall": 1779,
}


def main() -> None:
    """Write the module anew."""
    text = dictionary()
    lines = [text[start : start + WIDTH] for start in range(0, len(text), WIDTH)]
    body = "".join(f"    {line!a}\n" for line in lines)
    PLACE.write_text(f"{HEAD}{body}).encode()\n", encoding="utf-8")
    print(f"{len(text.encode())} bytes, CRC-32 {zlib.crc32(text.encode())}")


def dictionary() -> str:
    """Return what is known beforehand."""
    return "".join((*_problems(), *_words(), *_rows(), *_ops(), _answer(), *_requests()))


def _dumped(value: Json) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def _problems() -> Iterator[str]:
    for slug in PROBLEMS:
        yield _dumped(problem(slug))


def _words() -> Iterator[str]:
    """Yield the choices of every field that has some, each once."""
    seen: set[str] = set()
    tables = [*TABLES.values(), *(mutation.args for mutation in MUTATIONS.values())]
    for table in tables:
        for hint in typing.get_type_hints(table).values():
            for choice in _choices(hint):
                if choice not in seen:
                    seen.add(choice)
                    yield f'"{choice}",'


def _choices(hint: object) -> Iterator[str]:
    if isinstance(hint, type) and issubclass(hint, enum.StrEnum):
        yield from (member.value for member in hint)
    elif typing.get_origin(hint) in {typing.Union, types.UnionType, tuple}:
        for member in typing.get_args(hint):
            yield from _choices(member)


def _keys(table: type) -> list[str]:
    return sorted(field.name for field in dataclasses.fields(table))


def _rows() -> Iterator[str]:
    for name, table in TABLES.items():
        keys = _dumped([*_keys(table)])
        yield f'"{name}":[6,2,[2,1,0],[1,{keys},[3,"0000'


def _ops() -> Iterator[str]:
    """Yield each mutation's arguments, as columns and as one object."""
    for name, mutation in MUTATIONS.items():
        keys = _keys(mutation.args)
        yield f'[1,{_dumped([*keys])},[3,"0000'
        yield _dumped(dict.fromkeys(keys, "")) + f'"name":"{name}","seq":1,"v":1'


def _answer() -> str:
    receipt: dict[str, Json] = {
        "at": 1779, "device": 1, "digest": "", "generation": "", "number": 1, "seq": 1,
        "signature": "", "state": "ok",
    }  # fmt: skip
    results: list[Json] = [{"receipt": receipt, "seq": 1, "state": "ok"}]
    answer: dict[str, Json] = {
        "cursors": {"county:0000": 1, "village:0000": 1, "outlet:0000": 1, "staff:0000": 1},
        "generation": "", "gone": {}, "keep_from": 1, "last": 1, "more": False, "reset": [],
        "results": results, "rows": {}, "scopes": ["county:0000", "village:0000"],
        "server_time": 1779,
    }  # fmt: skip
    twice = answer | {"results": results * 2}
    return _dumped(columns(twice)) + _dumped(columns(answer))


def _requests() -> Iterator[str]:
    for name in COMMON:
        op: dict[str, Json] = {
            "args": {**_typical(name)},
            "base": {},
            "by": "0000",
            "clock": dict(CLOCK),
            "name": name,
            "seq": 1,
            "v": MUTATIONS[name].version,
        }
        several: list[Json] = [op, op]
        request: dict[str, Json] = {
            "acked": 1, "app": 1, "clock": dict(CLOCK),
            "cursors": {"county:0000": 1, "outlet:0000": 1, "staff:0000": 1, "village:0000": 1},
            "limit": 200000, "open": [],
        }  # fmt: skip
        yield _dumped(columns(request | {"ops": several}))
        yield _dumped(columns(request | {"ops": [op]}))


def _typical(name: str) -> dict[str, Json]:
    typical: dict[str, dict[str, Json]] = {
        "submit_referral": {
            "consent": True, "customer_name": "陈", "id": "0000", "interest": "high",
            "kind": "farmer", "mode": "information", "need": "deposit", "phone": "13",
            "source": "village", "village_id": "0000",
        },
        "report_harvest_date": {
            "confidence": "farmer", "crop_id": "0000", "id": "0000", "sale_from_on": "2026-",
            "sale_to_on": "2026-", "village_id": "0000",
        },
        "open_care_card": {
            "consent": True, "customer_name": "陈", "id": "0000", "kind": "farmer",
            "next_contact_on": "2026-", "phone": "13", "reason": "", "village_id": "0000",
        },
    }  # fmt: skip
    return typical[name]


if __name__ == "__main__":
    main()
