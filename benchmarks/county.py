"""A county as large as asked for, and its phones; everybody in it is invented."""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import sqlalchemy as sa
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from flask import Flask
from sqlalchemy.orm import Session

from server.config import Config
from server.factory import create_app
from server.migrating import migrate
from server.models import db
from server.models.sync import EnrolledDeviceModel, ServerIdentityModel
from server.mutations.own import own_transaction
from server.services import EXTENSION, Services
from server.serving import collect_rarely
from shared.domain.customer import Customer, CustomerKind
from shared.domain.harvest import Confidence, HarvestDate, HarvestStatus
from shared.domain.moment import ClockGrade, day_at_outlet
from shared.domain.people import (
    County,
    Device,
    Outlet,
    Qualification,
    Role,
    Staff,
    WealthManagerProfile,
)
from shared.domain.points import AwardKind, PointsEntry, PointsStatus, ShareRole
from shared.domain.referral import (
    Interest,
    LeadSource,
    Need,
    Referral,
    ReferralMode,
    SubmitReferral,
)
from shared.domain.rows import Row
from shared.domain.village import Crop, Round, Village
from shared.ids import SERVER_DEVICE_NUMBER, make_id
from shared.wire.envelope import APP_VERSION, to_base64url

__all__ = ["SEED", "Field", "Person", "begun_county"]

SEED = 20_261_123
POSTMEN_PER_OUTLET = 10
MANAGERS_PER_OUTLET = 3
VILLAGES_PER_ROUND = 6
_PER_CAUSE = 2**20 - 1
_LATER = dt.date(2040, 1, 1)
_NOTES = ("卖完瓜手里有现钱，想问定期利率。", "要先跟老伴商量。", "收购商说当天结账。", "")
_FAMILY_NAMES = "陈林黄李吴何蔡王"
_GIVEN_NAMES = ("大文", "二姐", "阿明", "秋菊", "国强")


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody with a phone: its number, and the villages of the round."""

    staff: Staff
    device: int
    villages: tuple[str, ...]


@dataclass(slots=True)
class Field:
    """The county under measurement.

    Attributes:
        app: The application; nothing listens, it is called in this process.
        session: One of the benchmark's own, on the application's database.
        key: Every phone's, so that a thousand phones are made in no time.
        postmen: Those who record.
        heads: A branch head of each outlet.
        managers: The wealth managers of all outlets.
        crop_id: What is grown here.
        generation: The server's, which every request names.
    """

    app: Flask
    session: Session
    county_id: str
    key: ec.EllipticCurvePrivateKey
    chance: random.Random
    postmen: list[Person] = field(default_factory=list)
    heads: list[Person] = field(default_factory=list)
    managers: list[Staff] = field(default_factory=list)
    crop_id: str = ""
    generation: str = ""
    _made: int = 0

    @property
    def services(self) -> Services:
        """The parts of the running server."""
        found: Services = self.app.extensions[EXTENSION]
        return found

    def new_id(self) -> str:
        """Return an id that the server itself might have made."""
        self._made += 1
        return make_id(SERVER_DEVICE_NUMBER, 1000 + self._made // _PER_CAUSE,
                       self._made % _PER_CAUSE)  # fmt: skip

    def put(self, rows: list[Row]) -> None:
        """Write rows as an import does."""
        with own_transaction(self.services.door, self.session, self.county_id) as tx:
            for row in rows:
                tx.put(row)

    def lead(self, person: Person, lead_id: str) -> SubmitReferral:
        """Return what a postman records of somebody met on the round."""
        chance = self.chance
        return SubmitReferral(
            id=lead_id,
            kind=CustomerKind.FARMER,
            source=LeadSource.VILLAGE,
            need=chance.choice(tuple(Need)),
            interest=chance.choice(tuple(Interest)),
            mode=ReferralMode.INFORMATION,
            consent=True,
            customer_name=chance.choice(_FAMILY_NAMES) + chance.choice(_GIVEN_NAMES),
            phone=f"138{chance.randrange(10**8):08}",
            village_id=chance.choice(person.villages),
            note=chance.choice(_NOTES),
        )

    def put_sales(self, person: Person, count: int) -> None:
        """Let somebody else report sales in the villages of a person's round."""
        day = dt.date(2026, 12, 1)
        now = self.services.door.clock.now()
        self.put(
            [
                HarvestDate(
                    id=self.new_id(),
                    outlet_id=person.staff.outlet_id,
                    village_id=person.villages[place % len(person.villages)],
                    crop_id=self.crop_id,
                    status=HarvestStatus.HEARD,
                    sale_from_on=day + dt.timedelta(days=place),
                    sale_to_on=day + dt.timedelta(days=place),
                    payout_on=day + dt.timedelta(days=place),
                    confidence=Confidence.FARMER,
                    version=1,
                    reported_by_id=person.staff.id,
                    reported_at=now,
                )
                for place in range(count)
            ]
        )

    def put_claims(self, outlet: int, count: int) -> list[str]:
        """Put points that wait for the approval of an outlet's head; return their ids."""
        head = self.heads[outlet]
        of_outlet = [one for one in self.postmen if one.staff.outlet_id == head.staff.outlet_id]
        now = self.services.door.clock.now()
        claims: list[Row] = []
        for place in range(count):
            claim, referral_id = self.new_id(), self.new_id()
            claims.append(
                PointsEntry(
                    id=claim, outlet_id=head.staff.outlet_id, award=f"referral:{referral_id}:met",
                    award_revision=1, kind=AwardKind.MET,
                    payee_id=of_outlet[place % len(of_outlet)].staff.id,
                    share_role=ShareRole.REFERRER, share_percent=100, award_points=10, points=10,
                    over_cap=0, policy_version="1", evidence_table=Referral.TABLE,
                    evidence_id=referral_id, clock_grade=ClockGrade.A, earned_from=now,
                    earned_to=now, period=day_at_outlet(now).isoformat()[:7],
                    status=PointsStatus.PENDING, maker_id=self.managers[0].id,
                )
            )  # fmt: skip
        self.put(claims)
        return [claim.id for claim in claims]

    def put_customers(self, outlet_id: str, count: int) -> None:
        """Put customers whom an outlet had before."""
        self.put(
            [
                Customer(
                    id=self.new_id(),
                    outlet_id=outlet_id,
                    name=self.chance.choice(_FAMILY_NAMES) + self.chance.choice(_GIVEN_NAMES),
                    kind=CustomerKind.FARMER,
                )
                for _ in range(count)
            ]
        )

    def add_outlets(self, phones: int) -> None:
        """Open outlets until *phones* postmen have phones."""
        while len(self.postmen) < phones:
            self._add_outlet(min(POSTMEN_PER_OUTLET, phones - len(self.postmen)))

    def _add_outlet(self, postmen: int) -> None:
        number = len(self.heads)
        outlet = Outlet(id=self.new_id(), county_id=self.county_id, number=f"{number:04}",
                        name=f"{number}号网点", town="示例镇")  # fmt: skip
        rows: list[Row] = [outlet]
        managers = [
            self._staff(outlet, f"8{place}", Role.WEALTH_MANAGER)
            for place in range(MANAGERS_PER_OUTLET)
        ]
        self.managers += managers
        for manager in managers:
            rows += [manager, *self._papers(manager)]
        head = self._staff(outlet, "900", Role.BRANCH_HEAD)
        rows.append(head)
        walks: list[tuple[Staff, tuple[str, ...]]] = []
        for place in range(postmen):
            postman = self._staff(outlet, f"1{place:02}", Role.POSTMAN)
            villages = self._round(outlet, postman, managers, rows)
            walks.append((postman, villages))
        self.put(rows)
        self.heads += self._enrolled([(head, ())])
        self.postmen += self._enrolled(walks)

    def _papers(self, manager: Staff) -> Iterator[Row]:
        yield WealthManagerProfile(
            id=self.new_id(), staff_id=manager.id, years=3, specialties=(), dialects=(),
            introduction="", leads_max=1_000_000, visits_per_day_max=5,
        )  # fmt: skip
        for need in Need:
            yield Qualification(
                id=self.new_id(), staff_id=manager.id, need=need.value, expires_on=_LATER
            )

    def _round(
        self, outlet: Outlet, postman: Staff, managers: list[Staff], rows: list[Row]
    ) -> tuple[str, ...]:
        way = Round(id=self.new_id(), outlet_id=outlet.id, name=postman.number,
                    postman_id=postman.id)  # fmt: skip
        villages = [
            Village(
                id=self.new_id(), outlet_id=outlet.id, round_id=way.id, town=outlet.town,
                name=f"{postman.number}-{place}村",
                # Half of the villages are covered; the leads of the others are ranked.
                wealth_manager_id=self.chance.choice(managers).id if place % 2 else None,
            )
            for place in range(VILLAGES_PER_ROUND)
        ]  # fmt: skip
        rows += [postman, way, *villages]
        return tuple(village.id for village in villages)

    def _staff(self, outlet: Outlet, number: str, role: Role) -> Staff:
        return Staff(
            id=self.new_id(), county_id=self.county_id, outlet_id=outlet.id,
            number=f"{outlet.number}{number}", name="示例", roles=(role,),
        )  # fmt: skip

    def _enrolled(self, people: list[tuple[Staff, tuple[str, ...]]]) -> list[Person]:
        """Give people phones, many at a time: enrolment is not what is measured here."""
        point = self.key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
        now = self.services.door.clock.now()
        enrolled = []
        with own_transaction(self.services.door, self.session, self.county_id) as tx:
            for staff, villages in people:
                device = EnrolledDeviceModel(
                    county_id=self.county_id, staff_id=staff.id, device_id=self.new_id(),
                    public_key=to_base64url(point), app_version=APP_VERSION, enrolled_at=now,
                    scopes=(),
                )  # fmt: skip
                tx.session.add(device)
                tx.session.flush()
                assert device.device_id is not None, "given above"
                row = Device(
                    id=device.device_id, number=device.number, staff_id=staff.id,
                    outlet_id=staff.outlet_id, label="手机", enrolled_at=now, last_seen_at=now,
                )  # fmt: skip
                tx.put(row)
                enrolled.append(Person(staff, device.number, villages))
        return enrolled


@contextmanager
def begun_county(database_url: str, *, erasures_file: Path | None = None) -> Iterator[Field]:
    """Give a county with nobody in it, in the empty database of that URL."""
    config = Config(
        database_url=database_url,
        receipt_key=b"\x01" * 32,
        code_pepper=b"\x02" * 32,
        erasures_file=erasures_file,
    )
    app = create_app(config)
    with app.app_context():
        engine = db.engine
        migrate(engine)
    collect_rarely()  # As `serve` does.
    county_id = make_id(SERVER_DEVICE_NUMBER, 999, 0)
    # Outside of the application's context: each request must make and end its own.
    with Session(engine) as session:
        made = Field(
            app=app,
            session=session,
            county_id=county_id,
            key=ec.generate_private_key(ec.SECP256R1()),
            chance=random.Random(SEED),  # noqa: S311 - the same county in every run
        )
        made.crop_id = made.new_id()
        crop = Crop(id=made.crop_id, county_id=county_id, name="西瓜", cash_days_min=0,
                    cash_days_max=0)  # fmt: skip
        made.put([County(id=county_id, name="示例县"), crop])
        made.generation = session.scalars(sa.select(ServerIdentityModel.generation)).one()
        session.rollback()
        yield made
    engine.dispose()
