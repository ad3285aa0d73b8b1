"""Every error is a problem of the catalogue, and no body can harm the server."""

from __future__ import annotations

import gzip
import io
import json
import zlib
from typing import Any

import pytest
from flask import Flask

from server.config import Config
from server.logs import configure_logs
from shared.canonical import canonical_bytes
from shared.wire.envelope import ENROL_PATH, SYNC_PATH
from shared.wire.problems import PROBLEMS
from tests.server.conftest import POSTMAN


@pytest.fixture
def engine_name() -> str:
    """Run on SQLite alone: no word of this depends on the engine."""
    return "sqlite"


def is_problem(answer: Any, slug: str) -> bool:
    assert answer.content_type == "application/problem+json"
    assert answer.status_code == answer.json["status"] == PROBLEMS[slug].status
    return bool(answer.json["type"] == f"/problems/{slug}")


def test_an_unknown_address_is_a_problem(app: Flask) -> None:
    assert is_problem(app.test_client().get("/wp-login.php"), "not-found")


def test_a_wrong_method_is_told_the_right_ones(app: Flask) -> None:
    answer = app.test_client().get(SYNC_PATH)
    assert is_problem(answer, "method-not-allowed")
    assert "POST" in answer.headers["Allow"]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b'{"app": 1.5}',
        b'{"app": NaN}',
        b'{"app": 1, "app": 1}',
        b'{"app": 99999999999999999999}',
        b"[" * 100_000,
        b'{"app": ' + b"9" * 5_000 + b"}",
        b'{"app": "\\ud800"}',
        b'{"app": "\xff"}',
        b'{"app": "\\u0000"}',
    ],
)
def test_what_is_no_json_of_the_house_is_refused(phone_of: Any, body: bytes) -> None:
    assert is_problem(phone_of(POSTMAN).post(body), "malformed-json")


@pytest.mark.parametrize(
    ("members", "field"),
    [
        ({"app": "1"}, "app"),
        ({"ops": {}}, "ops"),
        ({"ops": ["x"]}, "ops.0.seq"),
        ({"ops": [{"seq": 0}]}, "ops.0.seq"),
        ({"ops": [{"seq": True}]}, "ops.0.seq"),
        ({"cursors": {"staff:x": -1}}, "cursors"),
        ({"cursors": []}, "cursors"),
        ({"open": ["x"]}, "open"),
        ({"limit": "all"}, "limit"),
        ({"clock": {"wall": "noon"}}, "clock"),
    ],
)
def test_members_that_do_not_fit_are_named(
    phone_of: Any, members: dict[str, Any], field: str
) -> None:
    answer = phone_of(POSTMAN).post(canonical_bytes({"app": 1} | members))
    assert is_problem(answer, "invalid-body")
    assert list(answer.json["fields"]) == [field]


def test_members_that_a_newer_app_adds_are_let_be(phone_of: Any) -> None:
    assert phone_of(POSTMAN).post(canonical_bytes({"app": 9, "mood": "好"})).status_code == 200


@pytest.mark.parametrize("pack", [gzip.compress, zlib.compress], ids=["gzip", "deflate"])
def test_a_compressed_body_is_read(phone_of: Any, pack: Any) -> None:
    phone = phone_of(POSTMAN)
    phone.referral()
    body = pack(canonical_bytes({"app": 1, "ops": phone.journal}))
    coding = "gzip" if pack is gzip.compress else "deflate"
    answer = phone.post(body, Content_Encoding=coding)
    assert answer.json["last"] == 1


@pytest.mark.parametrize(
    ("body", "slug"),
    [
        (gzip.compress(b" " * 50_000_000), "body-too-large"),
        (gzip.compress(b'{"app":1}')[:-6], "malformed-json"),
        (gzip.compress(b'{"app":1}') + b"more", "malformed-json"),
        (b"no gzip at all", "malformed-json"),
    ],
    ids=["bomb", "cut off", "trailing", "damaged"],
)
def test_a_compressed_body_can_not_harm(phone_of: Any, body: bytes, slug: str) -> None:
    assert is_problem(phone_of(POSTMAN).post(body, Content_Encoding="gzip"), slug)


def test_a_half_received_body_changes_nothing(phone_of: Any) -> None:
    phone = phone_of(POSTMAN)
    phone.referral()
    whole = phone.send().request
    body = canonical_bytes({"app": 1, "ops": phone.journal})
    answer = phone.client.post(
        SYNC_PATH,
        input_stream=io.BytesIO(body[: len(body) // 2]),
        environ_overrides={"CONTENT_LENGTH": str(len(body))},
        headers={name: value for name, value in whole.headers if name.startswith("Liandong")},
        content_type="application/json",
    )
    assert is_problem(answer, "malformed-json")
    assert phone.send().json["last"] == 0


def test_an_oversized_body_is_refused_before_it_is_read(phone_of: Any, config: Config) -> None:
    body = b'{"app":1,"x":"' + b"x" * config.body_bytes_max + b'"}'
    assert is_problem(phone_of(POSTMAN).post(body), "body-too-large")


def test_too_many_ops_are_refused_whole(phone_of: Any, config: Config) -> None:
    ops = [{"seq": seq} for seq in range(1, config.ops_max + 2)]
    answer = phone_of(POSTMAN).post(canonical_bytes({"app": 1, "ops": ops}))
    assert is_problem(answer, "body-too-large")
    assert answer.json["ops_max"] == config.ops_max


def test_other_media_and_codings_are_refused(app: Flask, phone_of: Any) -> None:
    answer = app.test_client().post(ENROL_PATH, data=b"code=1", content_type="text/plain")
    assert is_problem(answer, "unsupported-media-type")
    answer = phone_of(POSTMAN).post(b"{}", Content_Encoding="br")
    assert is_problem(answer, "unsupported-media-type")


def test_a_failure_says_nothing_of_its_cause_and_loses_nothing(
    phone_of: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    configure_logs("json")
    phone = phone_of(POSTMAN)
    phone.referral()

    def fail(*_: Any) -> None:
        raise ValueError("陈先生 13800000000")

    monkeypatch.setattr("server.routes.sync.push", fail)
    answer = phone.send(*phone.journal)
    assert is_problem(answer, "internal-error")
    said = answer.get_data(as_text=True) + "".join(capsys.readouterr())
    assert "ValueError" in said
    assert "陈先生" not in said
    assert "13800000000" not in said
    monkeypatch.undo()
    assert phone.sync()["last"] == 1


def test_logs_tell_of_ops_without_their_contents(
    phone_of: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    configure_logs("json")
    phone = phone_of(POSTMAN)
    phone.referral(note="儿子在广州打工")
    phone.sync()
    said = "".join(capsys.readouterr())
    assert "submit_referral" in said
    for secret in ("陈先生", "13800000000", "广州", phone.public_key):
        assert secret not in said


def test_answers_bear_strict_headers_and_an_id(app: Flask) -> None:
    headers = app.test_client().get("/healthz").headers
    assert headers["Content-Security-Policy"].startswith("default-src 'none'")
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Cache-Control"] == "no-store"
    assert len(headers["X-Request-Id"]) == 16


def test_readiness_asks_for_the_schema_of_this_version(app: Flask) -> None:
    from server.models import db  # noqa: PLC0415 - inside the application context

    client = app.test_client()
    assert client.get("/readyz").json == {"status": "ready"}
    db.session.execute(db.text("UPDATE alembic_version SET version_num = '0000'"))
    db.session.commit()
    assert is_problem(client.get("/readyz"), "busy")


def test_the_openapi_document_describes_every_route(app: Flask) -> None:
    document = json.loads(app.test_client().get("/api/v1/openapi.json").data)
    described = {
        (path, method.upper())
        for path, operations in document["paths"].items()
        for method in operations
    }
    served = {
        (rule.rule.translate(str.maketrans("<>", "{}")), method)
        for rule in app.url_map.iter_rules()
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
        if not rule.endpoint.startswith("reference.")
    }
    assert described == served
    for mutation in document["x-mutations"].values():
        assert mutation["args"]["$ref"].rpartition("/")[2] in document["components"]["schemas"]


def test_the_reference_page_needs_nothing_from_elsewhere(app: Flask) -> None:
    answer = app.test_client().get("/api/docs")
    page = answer.get_data(as_text=True)
    assert "POST" in page.upper()
    assert "/api/v1/sync" in page
    assert "http" not in page.replace("http-equiv", "")
    assert "<script" not in page
