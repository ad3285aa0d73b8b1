"""`liandong demo`: from nothing to a running server, with codes for everybody to try."""

from __future__ import annotations

import logging
import os
import shutil
import sys
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address
from pathlib import Path

import sqlalchemy as sa
import structlog
from alembic import command
from flask import Flask

from server.administration import enrolment_link
from server.clock import SystemClock
from server.config import Config, ConfigError
from server.demo.certificates import certificates_for
from server.demo.county import OUTLETS, PEOPLE
from server.demo.loading import DemoState, days_since_load, demo_state, load_demo
from server.demo.phone import qr_code, serve_guide
from server.demo.stage import FULL, SMALL
from server.enrolment import issue_code
from server.factory import create_app
from server.migrating import alembic_config, migrate
from server.models import db
from server.models.people import StaffModel
from server.rows import row_of
from server.services import services
from server.serving import serve
from shared.domain.people import Staff
from shared.wire.envelope import format_code

__all__ = ["run_demo"]

HOST = "127.0.0.1"
THREADS = 8
DATA_DIR = "build/demo"
AUTHORITY_DIR = Path("instance/demo-authority")
"""Outside of what is built and thrown away: a phone that trusts it goes on doing so."""
OLD_AFTER_DAYS = 7
EXIT_FOREIGN_DATABASE = 3
EXIT_BAD_SETTING = 4

SHOWN = (
    "08010021", "08010022", "08010011", "08010012", "08010001", "08010031", "08010041",
    "08010051", "08020032", "08010061",
)  # fmt: skip
"""Whose codes are printed: each post that has screens once, the busiest twice, mostly of one
outlet. Payroll and the administrator have none yet: who enrols as one is told so."""

_ENGLISH = {
    "投递员": "postman", "理财经理": "wealth manager", "支局长": "branch head",
    "大堂经理": "lobby manager", "高柜柜员": "teller", "外拓人员": "outreach",
    "大堂主管": "lobby supervisor", "后台人员": "back office",
}  # fmt: skip


def run_demo(
    *,
    port: int,
    fresh: bool = False,
    small: bool = False,
    phone_address: IPv4Address | None = None,
) -> int:
    """Load the demo county when it is absent, print who can log in, and serve until stopped.

    Args:
        port: Where to serve, on loopback.
        fresh: Throw the demo's data away first.
        small: Load a county in which little has happened.
        phone_address: Serve phones of the network there, over HTTPS; on the next port stands a
            page that says how.
    """
    _log_only_trouble()
    origin = f"http://{HOST}:{port}" if phone_address is None else f"https://{phone_address}:{port}"
    try:
        config = _config(os.environ, origin)
    except ConfigError as error:
        _say(f"设置有误：{error}", f"wrong setting: {error}")
        return EXIT_BAD_SETTING
    app = create_app(config)
    with app.app_context():
        if not _prepared(app, config, fresh=fresh, small=small):
            return EXIT_FOREIGN_DATABASE
        table = _codes()
        # gunicorn forks: a child must not inherit an open connection.
        db.engine.dispose()
    if phone_address is None:
        _print_welcome(config, table)
        serve(create_app(config), host=HOST, port=port, workers=1, threads=THREADS)
        return 0
    files = certificates_for(phone_address, AUTHORITY_DIR, now=SystemClock().now())
    with serve_guide(
        str(phone_address), port + 1, authority=files.authority, app_url=origin
    ) as guide:
        _print_welcome(config, table)
        _print_phone(guide, table[0])
        serve(
            create_app(config),
            host=str(phone_address),
            port=port,
            workers=1,
            threads=THREADS,
            tls=(files.server, files.server_key),
        )
    return 0


def _config(env: Mapping[str, str], origin: str) -> Config:
    """Return the settings of a demo: its own folder, its own secrets, never production."""
    return Config.from_env(
        {
            "LIANDONG_DATA_DIR": DATA_DIR,
            "LIANDONG_ORIGIN": origin,
            **env,
            "LIANDONG_ENV": "development",
        }
    )


def _prepared(app: Flask, config: Config, *, fresh: bool, small: bool) -> bool:
    """Make sure that the demo county is in the database; False when a real one is."""
    _say("准备数据库", "preparing the database")
    migrate(db.engine)
    state = demo_state(db.session())
    db.session.rollback()
    if state is DemoState.FOREIGN:
        _say(
            "这个数据库里是别的县的数据，演示不会动它。"
            "请换一个 DATABASE_URL 或 LIANDONG_DATA_DIR。",
            "this database holds another county; the demo leaves it alone."
            " Set another DATABASE_URL or LIANDONG_DATA_DIR.",
        )
        return False
    if state is DemoState.LOADED and not fresh:
        _say("演示县已在库中（重新生成：--fresh）", "the demo county is there (anew: --fresh)")
        days = days_since_load(db.session(), services().door.clock.now())
        if days >= OLD_AFTER_DAYS:
            _say(
                f"这些数据是 {days} 天前生成的，出售日期大多已过",
                f"its data are {days} days old: most sales are past",
            )
        return True
    if state is not DemoState.EMPTY:
        _say("清除旧的演示数据", "removing the old demo data")
        _empty(config)
    started_s = SystemClock().elapsed_s()
    _say("生成演示县", "making the demo county")
    stage = load_demo(app, scale=SMALL if small else FULL, say=_say)
    if stage.refused:
        refused = len(stage.refused)
        _say(f"其中 {refused} 条被规则拒绝", f"{refused} of its records were refused by the rules")
    took_s = round(SystemClock().elapsed_s() - started_s)
    _say(f"完成，用时 {took_s} 秒", f"done in {took_s} s")
    return True


def _empty(config: Config) -> None:
    """Bring the database back to no tables at all, and to this version's again."""
    db.session.remove()
    if config.blobs_dir is not None:
        shutil.rmtree(config.blobs_dir, ignore_errors=True)
    if config.database_url.startswith("sqlite:///"):
        db.engine.dispose()
        path = config.database_url.removeprefix("sqlite:///")
        for suffix in ("", "-wal", "-shm"):
            Path(path + suffix).unlink(missing_ok=True)
    else:
        alembic = alembic_config()
        with db.engine.connect() as connection:
            alembic.attributes["connection"] = connection
            command.downgrade(alembic, "base")
    migrate(db.engine)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Login:
    """A line of the table: who can log in, and with which fresh code."""

    person: str
    post: str
    outlet: str
    number: str
    code: str
    link: str


def _codes() -> list[_Login]:
    shared, session = services(), db.session()
    outlets = {number: name for number, name, _ in OUTLETS}
    posts = {person.number: person.posts for person in PEOPLE}
    homes = {person.number: outlets[person.outlet] for person in PEOPLE}
    found = session.scalars(sa.select(StaffModel).where(StaffModel.number.in_(SHOWN))).all()
    staff = {record.number: row_of(record) for record in found}
    logins = []
    for number in SHOWN:
        person = staff[number]
        assert isinstance(person, Staff)
        code = issue_code(shared.door, shared.config, session, person).code
        logins.append(
            _Login(
                person=person.name,
                post=f"{posts[number]} {_ENGLISH[posts[number]]}",
                outlet=homes[number],
                number=number,
                code=format_code(code),
                link=enrolment_link(shared.config.origin, code),
            )
        )
    session.rollback()
    return logins


def _print_welcome(config: Config, logins: Sequence[_Login]) -> None:
    heads = ("姓名 name", "岗位 role", "网点 outlet", "工号 number", "登记码 code", "链接 link")
    lines = [heads, *((one.person, one.post, one.outlet, one.number, one.code, one.link)
                      for one in logins)]  # fmt: skip
    widths = [max(_width(line[column]) for line in lines) for column in range(len(heads))]
    _out("")
    for line in lines:
        _out("  ".join(_padded(text, width) for text, width in zip(line, widths, strict=True)))
    _out("")
    if config.web_dir is None:
        _say("网页应用还没有构建，请先运行 make web", "the web app is not built: run `make web`")
    _out(f"打开 / open: {config.origin}")
    _out("每个登记码只能用一次，72 小时内有效。停止：Ctrl+C")
    _out("Each code works once, within 72 hours. Stop with Ctrl+C.")


def _print_phone(guide: str, first: _Login) -> None:
    _out("")
    _say("1. 手机连同一个 Wi-Fi，扫码装证书", "on the same Wi-Fi, scan and install the certificate")
    _out(f"{qr_code(guide)}{guide}")
    _say(f"2. 再扫码，以{first.person}的身份打开联动", f"then scan to open it as {first.person}")
    _out(f"{qr_code(first.link)}{first.link}")
    _out("同一网络里的人都能打开这个演示。用完请停止，并在手机上删掉证书。")
    _out("Anybody in this network can open the demo. Stop it afterwards, remove the certificate.")


def _width(text: str) -> int:
    """Return how many columns of a terminal a text takes: Chinese characters take two."""
    return sum(2 if unicodedata.east_asian_width(one) in "WF" else 1 for one in text)


def _padded(text: str, width: int) -> str:
    return text + " " * (width - _width(text))


def _say(chinese: str, english: str) -> None:
    _out(f"  · {chinese} / {english}")


def _out(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def _log_only_trouble() -> None:
    """Keep the terminal for the table: a line for each request would scroll it away."""
    structlog.configure(
        wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING),
        logger_factory=structlog.WriteLoggerFactory(file=sys.stderr),
    )
    logging.getLogger("alembic").setLevel(logging.WARNING)
