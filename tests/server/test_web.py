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
    web = built(tmp_path / "web")
    return create_app(replace(config, web_dir=web, origin="https://example.org")).test_client()


def built(web: Path) -> Path:
    (web / "app").mkdir(parents=True)
    (web / "index.html").write_text("<!doctype html><title>联动</title>", encoding="utf-8")
    (web / "app" / "main.wasm").write_bytes(b"\0asm")
    (web / "app" / "big.js").write_text("let a = 1;\n" * 100, encoding="utf-8")
    (web / "app" / "big.js.gz").write_bytes(gzip.compress(b"let a = 1;\n" * 100))
    headers = {"Content-Security-Policy": POLICY, "Cache-Control": "no-cache"}
    wanted = {"headers": headers, "media_types": {".wasm": "application/wasm"}}
    (web / "_headers.json").write_text(json.dumps(wanted), encoding="utf-8")
    return web


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


def test_a_build_that_takes_the_place_of_another_is_handed_out_whole(
    client: FlaskClient, tmp_path: Path
) -> None:
    """What WhiteNoise remembers of the old files must not become headers of the new ones."""
    assert client.get("/app/big.js", buffered=True).content_length == 1100
    fresh = built(tmp_path / "web.fresh")
    (fresh / "app" / "big.js").write_text("let b = 22;\n" * 200, encoding="utf-8")
    (fresh / "app" / "big.js.gz").write_bytes(gzip.compress(b"let b = 22;\n" * 200))
    (fresh / "new.js").write_text("let c;", encoding="utf-8")
    (tmp_path / "web").rename(tmp_path / "web.outdated")
    fresh.rename(tmp_path / "web")

    answer = client.get("/app/big.js", buffered=True)
    assert answer.content_length == len(answer.data) == 2400
    packed = client.get("/app/big.js", headers={"Accept-Encoding": "gzip"}, buffered=True)
    assert gzip.decompress(packed.data) == answer.data
    assert client.get("/new.js", buffered=True).data == b"let c;"


def test_files_are_there_once_they_are_built(config: Config, tmp_path: Path) -> None:
    with pytest.warns(UserWarning, match="No directory"):
        client = create_app(replace(config, web_dir=tmp_path / "web")).test_client()
    assert client.get("/").status_code == 404
    built(tmp_path / "web")
    assert "联动" in client.get("/", buffered=True).get_data(as_text=True)
