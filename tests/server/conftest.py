"""A server of its own for each test: a real database, a clock that is moved by hand."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from itertools import count
from pathlib import Path
from typing import Any, cast

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, utils
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from server.config import Config
from server.enrolment import issue_code
from server.factory import create_app
from server.migrating import migrate
from server.models import db
from server.mutations.own import own_transaction
from server.services import services
from shared.canonical import canonical_bytes
from shared.domain.people import County, Outlet, Role, Staff, WealthManagerProfile
from shared.domain.rows import Row
from shared.domain.village import Crop, Round, Village
from shared.ids import make_id
from shared.wire.envelope import (
    DEVICE_HEADER,
    ENROL_PATH,
    GENERATION_HEADER,
    SIGNATURE_HEADER,
    SYNC_PATH,
    signed_message,
    to_base64url,
)
from shared.wire.schemas import instant_ms
from tests.server.copied_database import Template, postgres_template, sqlite_template

START = dt.datetime(2026, 11, 23, 1, 0, tzinfo=dt.UTC)


@dataclass
class HandClock:
    """A clock that stands still until a test moves it."""

    at: dt.datetime = START

    def now(self) -> dt.datetime:
        return self.at

    def elapsed_s(self) -> float:
        return 0.0

    def advance(self, **by: float) -> None:
        self.at += dt.timedelta(**by)


def server_id(number: int) -> str:
    return make_id(0, number, 0)


COUNTY = server_id(1)
OUTLET, OTHER_OUTLET = server_id(2), server_id(3)
POSTMAN, COLLEAGUE, MANAGER, HEAD, TELLER, ADMIN, STRANGER = map(server_id, range(10, 17))
ROUND, OTHER_ROUND = server_id(20), server_id(21)
VILLAGE, OTHER_VILLAGE = server_id(30), server_id(31)
CROP = server_id(40)


def _staff(staff_id: str, number: str, *roles: Role, outlet_id: str = OUTLET) -> Staff:
    return Staff(
        id=staff_id,
        county_id=COUNTY,
        outlet_id=outlet_id,
        number=number,
        name=f"示例{number}",
        roles=roles,
    )


ORGANISATION: tuple[Row, ...] = (
    County(id=COUNTY, name="示例县"),
    Outlet(id=OUTLET, county_id=COUNTY, number="001", name="一号网点", town="龙门"),
    Outlet(id=OTHER_OUTLET, county_id=COUNTY, number="002", name="二号网点", town="覃斗"),
    _staff(POSTMAN, "101", Role.POSTMAN),
    _staff(COLLEAGUE, "102", Role.POSTMAN),
    _staff(MANAGER, "103", Role.WEALTH_MANAGER),
    _staff(HEAD, "104", Role.BRANCH_HEAD),
    _staff(TELLER, "105", Role.TELLER),
    _staff(ADMIN, "106", Role.ADMINISTRATOR),
    _staff(STRANGER, "201", Role.POSTMAN, outlet_id=OTHER_OUTLET),
    WealthManagerProfile(
        id=server_id(50),
        staff_id=MANAGER,
        years=5,
        specialties=(),
        dialects=(),
        introduction="",
        leads_max=50,
        visits_per_day_max=5,
    ),
    Round(id=ROUND, outlet_id=OUTLET, name="一段", postman_id=POSTMAN),
    Round(id=OTHER_ROUND, outlet_id=OUTLET, name="二段", postman_id=COLLEAGUE),
    Village(
        id=VILLAGE, outlet_id=OUTLET, round_id=ROUND, name="东坑村", town="龙门",
        wealth_manager_id=MANAGER,
    ),
    Village(id=OTHER_VILLAGE, outlet_id=OUTLET, round_id=OTHER_ROUND, name="后坡村", town="龙门"),
    Crop(id=CROP, county_id=COUNTY, name="西瓜", cash_days_min=0, cash_days_max=0),
)  # fmt: skip


def _fill(url: str) -> None:
    app = create_app(config_for(url), clock=HandClock())
    with app.app_context():
        migrate(db.engine)
        put(*ORGANISATION)
        db.session.remove()
        db.engine.dispose()


def config_for(url: str) -> Config:
    return Config(
        database_url=url,
        receipt_key=b"\x01" * 32,
        code_pepper=b"\x02" * 32,
        sealing_keys=(b"\x03" * 32,),
    )


@pytest.fixture(scope="session")
def sqlite_county(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Template]:
    """Make a database with the example organisation, which tests copy."""
    with sqlite_template(tmp_path_factory.mktemp("county"), _fill) as made:
        yield made


@pytest.fixture(scope="session")
def postgres_county(postgres_url: str) -> Iterator[Template]:
    """Make the same on PostgreSQL."""
    with postgres_template(postgres_url, _fill) as made:
        yield made


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def engine_name(request: pytest.FixtureRequest) -> str:
    """Name the engine: each test runs on both, unless its module says otherwise."""
    return str(request.param)


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def config(request: pytest.FixtureRequest, engine_name: str, tmp_path: Path) -> Iterator[Config]:
    """Give the settings of a server with a database of its own."""
    county: Template = request.getfixturevalue(f"{engine_name}_county")
    with county.copied(tmp_path) as url:
        yield config_for(url)


@pytest.fixture
def app(config: Config, clock: HandClock) -> Iterator[Flask]:
    """Make an application with the example organisation in its database."""
    app = create_app(config, clock=clock)
    with app.app_context():
        yield app
        db.session.remove()
        db.engine.dispose()


def put(*rows: Row) -> None:
    """Write rows as the server itself does."""
    with own_transaction(services().door, db.session(), COUNTY) as tx:
        for row in rows:
            tx.put(row)


def stored(table: type[Row], row_id: str) -> Any:
    """Return a row as the database has it now."""
    from server.rows import DatabaseRows  # noqa: PLC0415 - so that the import order stays plain

    db.session.rollback()
    return DatabaseRows(db.session(), COUNTY).get(table, row_id)


@dataclass
class Phone:
    """A device with a key that speaks the protocol; what it sent stays in `journal`."""

    client: FlaskClient
    clock: HandClock
    staff_id: str
    key: ec.EllipticCurvePrivateKey = field(
        default_factory=lambda: ec.generate_private_key(ec.SECP256R1())
    )
    number: int = 0
    generation: str = ""
    journal: list[dict[str, Any]] = field(default_factory=list)
    acked: int = 0
    cursors: dict[str, int] = field(default_factory=dict)
    revisions: dict[str, int] = field(default_factory=dict)
    rows: dict[str, dict[str, Any]] = field(default_factory=dict)
    salts: Any = field(default_factory=lambda: count(1))

    @property
    def public_key(self) -> str:
        point = self.key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
        return to_base64url(point)

    def enrol(self, code: str) -> TestResponse:
        answer: Any = self.client.post(
            ENROL_PATH,
            json={"code": code, "public_key": self.public_key, "label": "测试机", "app": 1},
        )
        if answer.status_code == 200:
            self.number = answer.json["device"]
            self.generation = answer.json["generation"]
        return cast("TestResponse", answer)

    def new_id(self) -> str:
        return make_id(self.number, len(self.journal) + 1, next(self.salts))

    def op(self, name: str, args: dict[str, Any], **members: Any) -> dict[str, Any]:
        """Journal an operation, and return it."""
        made = {
            "seq": len(self.journal) + 1,
            "name": name,
            "v": 1,
            "args": args,
            "base": {},
            "by": self.staff_id,
            "clock": {"wall": instant_ms(self.clock.at), "mono": 1000, "boot": "a", "anchor": None},
        } | members
        self.journal.append(made)
        return made

    def post(
        self, body: bytes, path: str = SYNC_PATH, *, sign: Any = None, **headers: str
    ) -> TestResponse:
        message = signed_message("POST", path, body, device=self.number, generation=self.generation)
        r, s = utils.decode_dss_signature(
            (sign or self.key).sign(message, ec.ECDSA(hashes.SHA256()))
        )
        signature = to_base64url(r.to_bytes(32) + s.to_bytes(32))
        return self.client.post(
            path,
            data=body,
            content_type=headers.pop("Content_Type", "application/json"),
            headers={
                DEVICE_HEADER: str(self.number),
                GENERATION_HEADER: self.generation,
                SIGNATURE_HEADER: signature,
                **{name.replace("_", "-"): value for name, value in headers.items()},
            },
        )

    def send(self, *ops: dict[str, Any], **members: Any) -> TestResponse:
        """Post operations as they are, without looking at the answer."""
        request = {
            "app": 1,
            "clock": {"wall": instant_ms(self.clock.at), "mono": 1000, "boot": "a"},
            "acked": self.acked,
            "ops": list(ops),
            "open": [],
            "cursors": self.cursors,
            "limit": 200_000,
        } | members
        return self.post(canonical_bytes(request))

    def sync(self, **members: Any) -> dict[str, Any]:
        """Send what waits, take in what comes, page by page; return the last answer."""
        results: list[Any] = []
        while True:
            reply: Any = self.send(*self.journal[self.acked :], **members)
            assert reply.status_code == 200, reply.get_data(as_text=True)
            answer: dict[str, Any] = reply.json
            results += answer["results"]
            self.acked = answer["last"]
            self.take(answer)
            if not answer["more"]:
                return answer | {"results": results}

    def take(self, answer: dict[str, Any]) -> None:
        """Apply a page as the protocol says."""
        for table, pairs in answer["rows"].items():
            for revision, row in pairs:
                if revision >= self.revisions.get(row["id"], 0):
                    self.rows.setdefault(table, {})[row["id"]] = row
                    self.revisions[row["id"]] = revision
        for table, ids in answer["gone"].items():
            for row_id in ids:
                self.rows.get(table, {}).pop(row_id, None)
                self.revisions.pop(row_id, None)
        self.cursors = answer["cursors"]

    def referral(self, **members: Any) -> dict[str, Any]:
        """Journal a lead."""
        args = {
            "id": self.new_id(),
            "kind": "farmer",
            "source": "village",
            "need": "deposit",
            "interest": "high",
            "mode": "information",
            "consent": True,
            "customer_name": "陈先生",
            "phone": "13800000000",
            "village_id": VILLAGE,
        } | members
        return self.op("submit_referral", args)

    def harvest_date(self, **members: Any) -> dict[str, Any]:
        """Journal a sale that somebody heard of."""
        args = {
            "id": self.new_id(),
            "village_id": VILLAGE,
            "crop_id": CROP,
            "sale_from_on": "2026-11-28",
            "sale_to_on": "2026-11-29",
            "confidence": "farmer",
        } | members
        return self.op("report_harvest_date", args)


@pytest.fixture
def phone_of(app: Flask, config: Config, clock: HandClock) -> Any:
    """Return what enrols a phone for a person, named by id."""

    def make(staff_id: str) -> Phone:
        phone = Phone(app.test_client(), clock, staff_id)
        assert phone.enrol(code_for(staff_id, config)).status_code == 200
        return phone

    return make


def code_for(staff_id: str, config: Config, **changes: Any) -> str:
    """Issue an enrolment code."""
    staff = stored(Staff, staff_id)
    issued = issue_code(services().door, replace(config, **changes), db.session(), staff)
    return issued.code


@pytest.fixture(scope="session")
def restored_county(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """Give the county of `permission_county`, which a test may bring back to its beginning."""
    from tests.server import permission_county  # noqa: PLC0415 - few tests need all that

    with permission_county.restored_county(tmp_path_factory.mktemp("people")) as county:
        yield county
