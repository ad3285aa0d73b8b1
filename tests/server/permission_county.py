"""A county in which everybody of PRODUCT §2 works, and one object in each state that matters."""

from __future__ import annotations

import copy
import dataclasses
import datetime as dt
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from server.models.attachment import BlobModel
from shared.domain.attachment import AttachFile, AttachmentKind, AttachmentObject, MediaType
from shared.domain.care_card import CareReason, OpenCareCard
from shared.domain.customer import CustomerKind
from shared.domain.harvest import Confidence, ReportHarvestDate
from shared.domain.people import County, Outlet, Qualification, Role
from shared.domain.points import ApprovePoints, AwardKind, PointsEntry, PointsStatus, ReversePoints
from shared.domain.referral import (
    AmountBand,
    HandOverReferral,
    Interest,
    LeadSource,
    MeetReferral,
    NamedReferral,
    Need,
    Referral,
    ReferralMode,
    ReferralStatus,
    SubmitReferral,
    SucceedReferral,
)
from shared.domain.rows import Row
from shared.domain.visit import CheckInVisit, ProposeVisit, ScheduleVisit
from tests.server.field_county import (
    ADMIN,
    BACKUP,
    COLLEAGUE,
    HEAD,
    LOBBY,
    MANAGER,
    MELON,
    MONDAY,
    OTHER_HEAD,
    OTHER_OUTLET,
    POSTMAN,
    ROWS,
    TELLER,
    THURSDAY,
    VILLAGE,
    numbered,
    staff,
)
from tests.server.moving_clock import MovingClock
from tests.server.phone import Phone
from tests.server.running_server import RunningServer, running_server

COUNTER = staff(81, "郑柜员", Role.COUNTER)
OFFICE = staff(82, "后台小方", Role.BACK_OFFICE)
SUPERVISOR = staff(83, "大堂主管", Role.LOBBY_SUPERVISOR)
OUTREACH = staff(84, "外拓小许", Role.OUTREACH)
PAYROLL = staff(85, "薪酬小谢", Role.PAYROLL)
OTHER_POSTMAN = staff(86, "邻投递员", Role.POSTMAN, outlet=OTHER_OUTLET)
OTHER_MANAGER = staff(87, "邻经理", Role.WEALTH_MANAGER, outlet=OTHER_OUTLET)
FAR_COUNTY = County(id=numbered(90), name="徐闻")
FAR_OUTLET = Outlet(
    id=numbered(91), county_id=FAR_COUNTY.id, number="52501", name="曲界支局", town="曲界"
)
FAR_HEAD = dataclasses.replace(
    staff(92, "外县局长", Role.BRANCH_HEAD, outlet=FAR_OUTLET), county_id=FAR_COUNTY.id
)
FAR_ADMIN = dataclasses.replace(
    staff(93, "外县管理员", Role.ADMINISTRATOR, outlet=FAR_OUTLET), county_id=FAR_COUNTY.id
)

PEOPLE = {
    "postman": POSTMAN,
    "colleague": COLLEAGUE,
    "counter": COUNTER,
    "teller": TELLER,
    "back office": OFFICE,
    "lobby": LOBBY,
    "supervisor": SUPERVISOR,
    "outreach": OUTREACH,
    "manager": MANAGER,
    "backup": BACKUP,
    "head": HEAD,
    "payroll": PAYROLL,
    "admin": ADMIN,
    "other postman": OTHER_POSTMAN,
    "other manager": OTHER_MANAGER,
    "other head": OTHER_HEAD,
    "far head": FAR_HEAD,
    "far admin": FAR_ADMIN,
}

UNQUALIFIED = Need.PENSION
"""A need for which nobody here is qualified: its leads wait for the branch head."""

NEAR_ROWS: list[Row] = [
    *(row for row in ROWS if not (isinstance(row, Qualification) and row.need == UNQUALIFIED)),
    *(COUNTER, OFFICE, SUPERVISOR, OUTREACH, PAYROLL, OTHER_POSTMAN, OTHER_MANAGER),
]
FAR_ROWS: list[Row] = [FAR_COUNTY, FAR_OUTLET, FAR_HEAD, FAR_ADMIN]


@dataclass
class World:
    """Everybody's phone, and the ids of objects by what they are an example of."""

    phones: dict[str, Phone]
    ids: dict[str, str] = field(default_factory=dict)

    def __getitem__(self, name: str) -> str:
        return self.ids[name]


def build_world(server: RunningServer, clock: MovingClock) -> World:
    """Let the people of the county make one object of each kind and state."""
    server.keep(FAR_COUNTY.id, FAR_ROWS)
    server.keep(MANAGER.county_id, NEAR_ROWS)
    world = World({name: server.phone_of(person) for name, person in PEOPLE.items()})
    _record_field_work(world)
    _attach_photo(world, server)
    _plan_visits(world)
    clock.move(days=3)  # To the day of the sale.
    world.phones["manager"].do("check_in_visit", CheckInVisit(id=world["begun"]))
    _bring_to_success(world)
    _decide_points(world)
    for phone in world.phones.values():
        phone.sync()
    return world


def _lead(phone: Phone, name: str, number: int, **fields: object) -> str:
    lead_id = phone.new_id()
    values: dict[str, object] = {
        "need": Need.DEPOSIT,
        "mode": ReferralMode.HANDED_OVER,
        "phone": f"138000001{number:02}",
        **fields,
    }
    args = SubmitReferral(
        id=lead_id,
        kind=CustomerKind.FARMER,
        source=LeadSource.VILLAGE,
        interest=Interest.HIGH,
        consent=True,
        customer_name=name,
        village_id=VILLAGE.id,
        **values,  # type: ignore[arg-type]
    )
    phone.do("submit_referral", args)
    return lead_id


def _record_field_work(world: World) -> None:
    postman, colleague = world.phones["postman"], world.phones["colleague"]
    sales = []
    for sale_on in (THURSDAY, days_after(14)):
        sales.append(postman.new_id())
        sale = ReportHarvestDate(
            id=sales[-1],
            village_id=VILLAGE.id,
            crop_id=MELON.id,
            sale_from_on=sale_on,
            sale_to_on=sale_on,
            confidence=Confidence.HEARSAY,
        )
        postman.do("report_harvest_date", sale)
    card_id = postman.new_id()
    postman.do(
        "open_care_card",
        OpenCareCard(
            id=card_id,
            reason=CareReason.NOT_HOME,
            next_contact_on=THURSDAY,
            customer_name="赖二叔",
            phone="13800000140",
            consent=True,
            village_id=VILLAGE.id,
        ),
    )
    world.ids |= {
        "sale": sales[0],
        "later sale": sales[1],
        "card": card_id,
        "routed": _lead(postman, "陈大文", 1),
        "accepted": _lead(postman, "林二姐", 2),
        "handed over": _lead(postman, "吴大嫂", 7),
        "met": _lead(postman, "老何", 3),
        "succeeded": _lead(postman, "王三哥", 4),
        "paid": _lead(postman, "李四婶", 5),
        "unassigned": _lead(postman, "周五叔", 6, need=UNQUALIFIED),
        "held": _lead(colleague, "曾老板", 1),  # A family's one telephone.
    }
    assert postman.row(Referral, world["unassigned"]).status is ReferralStatus.UNASSIGNED
    assert colleague.row(Referral, world["held"]).status is ReferralStatus.HELD
    world.ids["customer"] = postman.row(Referral, world["routed"]).customer_id


def _attach_photo(world: World, server: RunningServer) -> None:
    postman = world.phones["postman"]
    args = photo_of(world["routed"], postman.new_id())
    with server.session() as session:
        session.add(
            BlobModel(
                object_id=args.object_id,
                sha256=args.sha256,
                county_id=POSTMAN.county_id,
                device=postman.device,
                size=args.size,
                media_type=args.media_type,
                begun_at=MONDAY,
                completed_at=MONDAY,
            )
        )
        session.commit()
    postman.do("attach_file", args)
    world.ids["photo"] = args.id


def photo_of(lead_id: str, attachment_id: str) -> AttachFile:
    """Return what attaches the picture, whose bytes are there already, to a lead."""
    return AttachFile(
        id=attachment_id,
        object_table=AttachmentObject.REFERRAL,
        object_id=lead_id,
        kind=AttachmentKind.PHOTO,
        sha256="0" * 64,
        size=1000,
        media_type=MediaType.JPEG,
    )


def _plan_visits(world: World) -> None:
    manager, head = world.phones["manager"], world.phones["head"]
    manager.sync()
    for lead in ("accepted", "handed over", "met", "succeeded", "paid"):
        manager.do("accept_referral", NamedReferral(id=world[lead]))
        if lead != "accepted":
            manager.do("hand_over_referral", _three_parts(world[lead]))
    head.sync()
    proposed, scheduled = head.new_id(), manager.new_id()
    head.do(
        "propose_visit",
        ProposeVisit(id=proposed, harvest_date_id=world["sale"], planned_on=THURSDAY),
    )
    manager.do("schedule_visit", _visit(scheduled))
    begun = manager.new_id()
    manager.do("schedule_visit", _visit(begun))
    world.ids |= {"proposed": proposed, "scheduled": scheduled, "begun": begun}


def _visit(visit_id: str) -> ScheduleVisit:
    return ScheduleVisit(
        id=visit_id,
        planned_on=THURSDAY,
        village_id=VILLAGE.id,
        helper_ids=(OUTREACH.id,),
        kit=("毛巾",),
    )


def _three_parts(lead_id: str) -> HandOverReferral:
    return HandOverReferral(id=lead_id, customer_part=True, information_part=True, trust_part=True)


def _bring_to_success(world: World) -> None:
    manager = world.phones["manager"]
    for lead in ("met", "succeeded", "paid"):
        manager.do("meet_referral", MeetReferral(id=world[lead]))
    for number, lead in enumerate(("succeeded", "paid")):
        manager.do(
            "succeed_referral",
            SucceedReferral(
                id=world[lead],
                voucher_number=f"LM-{number}",
                result_band=AmountBand.FROM_10K,
            ),
        )


def _decide_points(world: World) -> None:
    head, postman = world.phones["head"], world.phones["postman"]
    head.sync()
    pending = {
        entry.kind: entry.id
        for entry in head.held(PointsEntry)
        if entry.status is PointsStatus.PENDING and entry.evidence_id == world["paid"]
    }
    approved, contested = pending[AwardKind.VALID_LEAD], pending[AwardKind.MET]
    head.do("approve_points", ApprovePoints(ids=(approved, contested)))
    head.do("propose_reversal", ReversePoints(id=contested, reason="客户否认"))
    postman.sync()
    entries = head.held(PointsEntry)
    world.ids |= {
        "approved": approved,
        "reversal": next(entry.id for entry in entries if entry.reverses_id == contested),
        "pending": next(
            entry.id
            for entry in entries
            if entry.status is PointsStatus.PENDING and entry.evidence_id == world["accepted"]
        ),
    }


def days_after(days: int) -> dt.date:
    """Return a day so many after the sale."""
    return THURSDAY + dt.timedelta(days=days)


@dataclass(frozen=True)
class RestoredCounty:
    """A server, what stands in it, and how it is brought back to that."""

    server: RunningServer
    world: World
    database: Path

    @property
    def _kept(self) -> Path:
        return self.database.with_suffix(".kept")

    def keep(self) -> None:
        """Remember the county as it is now."""
        _copy(self.database, self._kept)

    def begin_again(self) -> None:
        """Bring the county back to what was kept."""
        _copy(self._kept, self.database)

    def phone(self, person: str) -> Phone:
        """Return that person's phone as it was when the county was kept."""
        return copy.deepcopy(self.world.phones[person])


def _copy(source: Path, target: Path) -> None:
    """Copy a database into another, which may be in use."""
    with closing(sqlite3.connect(source)) as read, closing(sqlite3.connect(target)) as written:
        read.backup(written)


@contextmanager
def restored_county(folder: Path) -> Iterator[RestoredCounty]:
    """Build the county once, in *folder*."""
    database, clock = folder / "county.sqlite3", MovingClock(MONDAY)
    erasures = database.with_name("erasures.jsonl")
    with running_server(f"sqlite:///{database}", clock, erasures_file=erasures) as server:
        county = RestoredCounty(server, build_world(server, clock), database)
        county.keep()
        yield county
