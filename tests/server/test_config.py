"""What the server must be told, and what it never makes up."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from server.config import Config, ConfigError, new_secret
from shared.wire.envelope import from_base64url

SECRETS = {
    name: new_secret()
    for name in ("LIANDONG_RECEIPT_KEY", "LIANDONG_CODE_PEPPER", "LIANDONG_SEALING_KEYS")
}


def test_development_makes_secrets_of_its_own_once(tmp_path: Path) -> None:
    env = {"LIANDONG_DATA_DIR": str(tmp_path / "data")}
    first, again = Config.from_env(env), Config.from_env(env)
    assert first == again
    kept = tmp_path / "data" / "secrets.env"
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    other = Config.from_env({"LIANDONG_DATA_DIR": str(tmp_path / "other")})
    assert other.receipt_key != first.receipt_key


@pytest.mark.parametrize("name", SECRETS)
def test_production_makes_up_no_secret(tmp_path: Path, name: str) -> None:
    env = {"LIANDONG_ENV": "production", "LIANDONG_DATA_DIR": str(tmp_path)} | SECRETS
    assert Config.from_env(env).environment == "production"
    del env[name]
    with pytest.raises(ConfigError, match=name):
        Config.from_env(env)
    assert not (tmp_path / "secrets.env").exists()


def test_a_secret_that_older_versions_did_not_make_is_added(tmp_path: Path) -> None:
    """An upgrade must not need anybody's hand where secrets are made by themselves."""
    data = tmp_path / "data"
    data.mkdir()
    kept = data / "secrets.env"
    older = "".join(f"{name}={SECRETS[name]}\n" for name in list(SECRETS)[:2])
    kept.write_text(older, "ascii")
    kept.chmod(0o600)
    config = Config.from_env({"LIANDONG_DATA_DIR": str(data)})
    assert config.sealing_keys
    assert kept.read_text("ascii").startswith(older)
    assert Config.from_env({"LIANDONG_DATA_DIR": str(data)}) == config


def test_sealing_keys_may_be_several_the_one_in_use_first(tmp_path: Path) -> None:
    new, old = new_secret(), new_secret()
    env = {"LIANDONG_DATA_DIR": str(tmp_path), "LIANDONG_SEALING_KEYS": f"{new}, {old}"}
    keys = Config.from_env(env).sealing_keys
    assert keys == (from_base64url(new), from_base64url(old))
    with pytest.raises(ConfigError, match="LIANDONG_SEALING_KEYS"):
        Config.from_env(env | {"LIANDONG_SEALING_KEYS": f"{new},"})


@pytest.mark.parametrize("wrong", ["short", "!" * 43, "A" * 44])
def test_a_secret_that_is_none_is_refused(tmp_path: Path, wrong: str) -> None:
    env = {"LIANDONG_DATA_DIR": str(tmp_path)} | SECRETS | {"LIANDONG_RECEIPT_KEY": wrong}
    with pytest.raises(ConfigError, match="LIANDONG_RECEIPT_KEY"):
        Config.from_env(env)


def test_an_environment_that_is_none_is_refused() -> None:
    with pytest.raises(ConfigError, match="production"):
        Config.from_env({"LIANDONG_ENV": "prod"})


def test_production_must_be_told_where_its_data_is() -> None:
    with pytest.raises(ConfigError, match="DATABASE_URL"):
        Config.from_env({"LIANDONG_ENV": "production"} | SECRETS)


@pytest.mark.parametrize(
    ("given", "used"),
    [
        ("postgres://u@h/d", "postgresql+psycopg://u@h/d"),
        ("postgresql://u@h/d", "postgresql+psycopg://u@h/d"),
        ("postgresql+psycopg://u@h/d", "postgresql+psycopg://u@h/d"),
        ("sqlite:////tmp/x.sqlite3", "sqlite:////tmp/x.sqlite3"),
    ],
)
def test_a_database_url_is_enough_for_either_engine(tmp_path: Path, given: str, used: str) -> None:
    env = {"LIANDONG_DATA_DIR": str(tmp_path), "DATABASE_URL": given}
    assert Config.from_env(env).database_url == used


def test_secrets_never_show_in_print(tmp_path: Path) -> None:
    config = Config.from_env({"LIANDONG_DATA_DIR": str(tmp_path)})
    assert "receipt_key" not in repr(config)
    assert "code_pepper" not in repr(config)
    assert "sealing_keys" not in repr(config)
