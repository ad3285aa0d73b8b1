"""The compact form over real HTTP: the same answers, the same op log, as plain JSON."""

from __future__ import annotations

import json
from typing import Any, cast

import pytest
import sqlalchemy as sa
from werkzeug.test import TestResponse

from server.models import db
from server.models.sync import OpModel
from shared.canonical import canonical_bytes
from shared.wire.compact import COMPACT, pack, unpack
from shared.wire.envelope import SYNC_PATH, op_digest
from tests.server.conftest import POSTMAN, Phone


@pytest.fixture
def engine_name() -> str:
    """Run on SQLite alone: no word of this depends on the engine."""
    return "sqlite"


class CompactPhone(Phone):
    """Says and hears everything in the compact form."""

    def post(self, body: bytes, path: str = SYNC_PATH, **_: Any) -> TestResponse:
        sent = pack(json.loads(body))
        answer: Any = super().post(sent, path, Accept=COMPACT, Content_Type=COMPACT)
        if answer.content_type == COMPACT:
            answer.set_data(canonical_bytes(unpack(answer.get_data(), bytes_max=4_000_000)))
            answer.content_type = "application/json"
        return cast("TestResponse", answer)


def compact(phone: Phone) -> CompactPhone:
    return CompactPhone(**{name: getattr(phone, name) for name in phone.__dataclass_fields__})


def test_ops_and_rows_are_the_same_in_both_forms(phone_of: Any) -> None:
    plain = phone_of(POSTMAN)
    plain.sync()
    phone = compact(plain)
    phone.cursors = {}
    ops = [phone.referral(customer_name=f"客户{n}", phone=None) for n in range(5)]
    ops.append(phone.harvest_date(note="一共三十亩\n下雨就改期"))
    assert [result["state"] for result in phone.sync()["results"]] == ["ok"] * 6
    kept = db.session.scalars(sa.select(OpModel).order_by(OpModel.seq)).all()
    assert [json.loads(op.body or "") for op in kept] == ops
    assert [op.digest for op in kept] == [op_digest(op) for op in ops]
    plain.journal, plain.cursors, plain.acked = phone.journal, {}, 6
    plain.sync()
    assert plain.rows == phone.rows


def test_a_client_that_asks_for_nothing_gets_plain_json(phone_of: Any) -> None:
    phone = phone_of(POSTMAN)
    assert phone.send().content_type == "application/json"


@pytest.mark.parametrize(
    ("body", "slug"),
    [
        (b"", "malformed-json"),
        (b"\x07", "malformed-json"),
        (b"\x01\x00\x00", "malformed-json"),
        (pack([1, 2]), "malformed-json"),
        (pack({"app": "x"}), "invalid-body"),
        (pack({"app": "x" * 5_000_000}), "body-too-large"),
    ],
)
def test_a_damaged_compact_body_is_refused(phone_of: Any, body: bytes, slug: str) -> None:
    phone: Phone = phone_of(POSTMAN)
    answer: Any = phone.post(body, Content_Type=COMPACT)
    assert answer.json["type"] == f"/problems/{slug}"


def test_the_signature_is_over_the_bytes_as_sent(phone_of: Any) -> None:
    phone: Phone = phone_of(POSTMAN)
    other: Phone = phone_of(POSTMAN)
    answer: Any = phone.post(pack({"app": 1}), sign=other.key, Content_Type=COMPACT)
    assert answer.status_code == 401


def test_a_compact_answer_bears_no_header_that_only_a_page_needs(phone_of: Any) -> None:
    phone: Phone = phone_of(POSTMAN)
    phone.sync()
    idle: dict[str, Any] = {
        "app": 1,
        "acked": 0,
        "ops": [],
        "open": [],
        "cursors": phone.cursors,
        "limit": 1,
    }
    idle |= {"clock": {"wall": 0, "mono": 0, "boot": "a"}}
    answer = phone.post(pack(idle), Accept=f"{COMPACT}, */*", Content_Type=COMPACT)
    assert answer.mimetype == COMPACT
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    # Nothing is new: this comes a hundred times a day, over 2G.
    told = sum(len(f"{name}: {value}\r\n") for name, value in answer.headers.items())
    assert told + len(answer.data) < 450
    # A refusal is one that a browser would show.
    refused = phone.post(b"", Accept=COMPACT, Content_Type=COMPACT)
    assert "frame-ancestors" in refused.headers["Content-Security-Policy"]
