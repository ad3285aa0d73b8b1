"""All that the server may be told, read once at start-up."""

from __future__ import annotations

import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from shared.wire.envelope import from_base64url, to_base64url

__all__ = ["Config", "ConfigError", "new_secret", "with_made_secrets"]

SECRET_BYTES = 32
SECRETS = ("LIANDONG_RECEIPT_KEY", "LIANDONG_CODE_PEPPER", "LIANDONG_SEALING_KEYS")
DEFAULT_ORIGIN = "http://127.0.0.1:8000"
ENVIRONMENTS = ("development", "production")


class ConfigError(Exception):
    """A setting is missing or wrong; the message says which and what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """The server's settings.

    Attributes:
        database_url: As SQLAlchemy names it; SQLite and PostgreSQL (psycopg) are served.
        receipt_key: The private number of the P-256 key that signs receipts, 32 bytes. It must
            outlive the database: phones check receipts with its public half.
        code_pepper: Mixed into the hashes of enrolment codes, so that a stolen database alone
            doesn't let anybody guess them.
        sealing_keys: The private numbers of the P-256 keys for which phones seal bundles, 32 bytes
            each: the first is given to phones, the others open what was sealed for them before.
            Without any, no bundles are taken.
        origin: Where people open the app; printed with enrolment codes.
        web_dir: The built web app, if this server hands it out.
        body_bytes_max: Largest body taken as sent.
        body_expanded_bytes_max: Largest body after decompression.
        ops_max: Most operations in one request.
        rows_bytes_max: Most bytes of rows in one answer, whatever the device asks for.
        code_valid_hours: How long an enrolment code can be used.
        code_tries_max: Wrong tries after which a code is spent.
        guess_window_minutes: How long a wrong code counts against where it came from.
        guesses_max: Wrong codes from one network within that time; then it must wait.
        county_guesses_max: Wrong tries of a county's codes, from anywhere, within that time; then
            they spend no code any more.
        proxies: How many proxies of ours stand before this server: so many addresses in
            X-Forwarded-For are believed.
        blobs_dir: Where the bytes of attachments lie; without it none are taken.
        erasures_file: Where the list of erasures is kept, apart from the backups; without it
            nobody can be erased.
        blob_quota_bytes: Most bytes of attachments that one device may begin to send in a day.
        blob_grace_days: How long bytes that no attachment names are kept.
        bundles_a_day_max: Most bundles that one device may bring within a day.
    """

    database_url: str
    receipt_key: bytes = field(repr=False)
    code_pepper: bytes = field(repr=False)
    sealing_keys: tuple[bytes, ...] = field(default=(), repr=False)
    environment: str = "production"
    origin: str = DEFAULT_ORIGIN
    web_dir: Path | None = None
    log_format: str = "json"
    body_bytes_max: int = 1_000_000
    body_expanded_bytes_max: int = 4_000_000
    ops_max: int = 1_000
    rows_bytes_max: int = 1_000_000
    code_valid_hours: int = 72
    code_tries_max: int = 5
    guess_window_minutes: int = 15
    guesses_max: int = 20
    county_guesses_max: int = 30
    proxies: int = 0
    blobs_dir: Path | None = None
    erasures_file: Path | None = None
    blob_quota_bytes: int = 60_000_000
    blob_grace_days: int = 7
    bundles_a_day_max: int = 50

    def __post_init__(self) -> None:
        for name in ("receipt_key", "code_pepper"):
            if len(getattr(self, name)) != SECRET_BYTES:
                raise ConfigError(f"{name} must be {SECRET_BYTES} bytes.")
        if any(len(key) != SECRET_BYTES for key in self.sealing_keys):
            raise ConfigError(f"Each of sealing_keys must be {SECRET_BYTES} bytes.")

    @classmethod
    def from_env(cls, env: Mapping[str, str]) -> Config:
        """Read the settings from environment variables.

        Raises:
            ConfigError: A variable is missing or can't be read.
        """
        environment = env.get("LIANDONG_ENV", "development")
        if environment not in ENVIRONMENTS:
            raise ConfigError(f"LIANDONG_ENV must be one of {', '.join(ENVIRONMENTS)}.")
        data_dir = Path(env.get("LIANDONG_DATA_DIR", "data")).absolute()
        if environment == "development":
            env = with_made_secrets(env, data_dir / "secrets.env")
        # In production nothing is written into whatever folder the server was started in.
        has_folder = environment == "development" or "LIANDONG_DATA_DIR" in env
        return cls(
            environment=environment,
            database_url=_database_url(env, environment, data_dir),
            receipt_key=_secret(env, "LIANDONG_RECEIPT_KEY"),
            code_pepper=_secret(env, "LIANDONG_CODE_PEPPER"),
            sealing_keys=_sealing_keys(env),
            origin=env.get("LIANDONG_ORIGIN", DEFAULT_ORIGIN).rstrip("/"),
            web_dir=_web_dir(env),
            blobs_dir=data_dir / "blobs" if has_folder else None,
            erasures_file=data_dir / "erasures.jsonl" if has_folder else None,
            log_format=env.get("LIANDONG_LOG", "json"),
            proxies=_count(env, "LIANDONG_PROXIES"),
        )


def with_made_secrets(env: Mapping[str, str], path: Path) -> dict[str, str]:
    """Return *env* with secrets of this machine's own, made at the first start and kept in *path*.

    For the demo and for development; what *env* says itself goes before.
    """
    kept = _kept_secrets(path)
    missing = [name for name in SECRETS if name not in kept]
    if missing:
        path.parent.mkdir(parents=True, exist_ok=True)
        # Created for the owner alone from the start: between chmod and write others could read.
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        with os.fdopen(descriptor, "a", encoding="ascii") as file:
            file.writelines(f"{name}={new_secret()}\n" for name in missing)
        kept = _kept_secrets(path)
    return kept | dict(env)


def _kept_secrets(path: Path) -> dict[str, str]:
    if not path.exists():
        return {}
    lines = path.read_text("ascii").splitlines()
    return dict(line.split("=", 1) for line in lines if "=" in line)


def new_secret() -> str:
    """Return a fresh secret for any of the settings, in base64url."""
    # The first bit is taken off so that the number is always below the order of P-256.
    number = bytes([secrets.randbelow(0x80)]) + secrets.token_bytes(SECRET_BYTES - 1)
    return to_base64url(number)


def _count(env: Mapping[str, str], name: str) -> int:
    text = env.get(name, "0")
    if not (text.isascii() and text.isdigit()):
        raise ConfigError(f"{name} must be a whole number.")
    return int(text)


def _sealing_keys(env: Mapping[str, str]) -> tuple[bytes, ...]:
    """Read the sealing keys, separated by commas, the one in use first."""
    name = "LIANDONG_SEALING_KEYS"
    return tuple(_secret({name: text}, name) for text in env.get(name, "").split(","))


def _secret(env: Mapping[str, str], name: str) -> bytes:
    text = env.get(name, "").strip()
    if not text:
        raise ConfigError(
            f"{name} is not set. In production every secret is given explicitly: "
            f"make one with `liandong make-secret` and keep it outside the database's backups."
        )
    try:
        secret = from_base64url(text)
    except ValueError as error:
        raise ConfigError(f"{name} is not base64url.") from error
    if len(secret) != SECRET_BYTES:
        raise ConfigError(f"{name} must be {SECRET_BYTES} bytes in base64url.")
    return secret


def _database_url(env: Mapping[str, str], environment: str, data_dir: Path) -> str:
    url = env.get("DATABASE_URL", "")
    if url:
        # What hosting services hand out; SQLAlchemy would look for another driver.
        for scheme in ("postgres://", "postgresql://"):
            if url.startswith(scheme):
                return "postgresql+psycopg://" + url.removeprefix(scheme)
        return url
    if environment == "production" and "LIANDONG_DATA_DIR" not in env:
        raise ConfigError("Neither DATABASE_URL nor LIANDONG_DATA_DIR is set.")
    data_dir.mkdir(parents=True, exist_ok=True)
    return f"sqlite:///{data_dir / 'liandong.sqlite3'}"


def _web_dir(env: Mapping[str, str]) -> Path | None:
    path = Path(env.get("LIANDONG_WEB_DIR", "build/web")).absolute()
    return path if path.is_dir() else None
