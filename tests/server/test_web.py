"""The web app's files come as they were built, beside the API."""

from __future__ import annotations

import gzip
import json
from dataclasses import replace
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from server.config import Config
from server.factory import create_app

POLICY = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'"


@pytest.fixture
def engine_name() -> str:
    """Run on SQLite alone: files need no database."""
    return "sqlite"


@pytest.fixture
def client(config: Config, tmp_path: Path) -> FlaskClient:
    web = tmp_path / "web"
    (web / "app").mkdir(parents=True)
    (web / "index.html").write_text("<!doctype html><title>联动</title>", encoding="utf-8")
    (web / "app" / "main.wasm").write_bytes(b"\0asm")
    (web / "app" / "big.js").write_text("let a = 1;\n" * 100, encoding="utf-8")
    (web / "app" / "big.js.gz").write_bytes(gzip.compress(b"let a = 1;\n" * 100))
    headers = {"Content-Security-Policy": POLICY, "Cache-Control": "no-cache"}
    wanted = {"headers": headers, "media_types": {".wasm": "application/wasm"}}
    (web / "_headers.json").write_text(json.dumps(wanted), encoding="utf-8")
    return create_app(replace(config, web_dir=web, origin="https://example.org")).test_client()


def test_the_app_opens_at_the_root(client: FlaskClient) -> None:
    answer = client.get("/", buffered=True)
    assert "联动" in answer.get_data(as_text=True)
    assert answer.headers["Content-Security-Policy"] == POLICY
    assert answer.headers["Cache-Control"] == "no-cache"
    assert "max-age" in answer.headers["Strict-Transport-Security"]


def test_files_come_compressed_and_with_their_type(client: FlaskClient) -> None:
    packed = client.get("/app/big.js", headers={"Accept-Encoding": "gzip"}, buffered=True)
    assert packed.headers["Content-Encoding"] == "gzip"
    assert len(packed.data) < 100
    assert client.get("/app/main.wasm", buffered=True).mimetype == "application/wasm"


def test_the_api_keeps_its_own_headers(client: FlaskClient) -> None:
    answer = client.get("/healthz")
    assert answer.json == {"status": "ok"}
    assert answer.headers["Content-Security-Policy"].startswith("default-src 'none'; frame")


@pytest.mark.parametrize("path", ["/../secrets.env", "/app/../../copy.sqlite3", "/nothing"])
def test_nothing_else_is_handed_out(client: FlaskClient, path: str) -> None:
    assert client.get(path).status_code == 404
