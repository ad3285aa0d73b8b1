"""Putting the demo county into a database, once; and knowing it again."""

from __future__ import annotations

import datetime as dt
import gc
import random
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from enum import Enum
from pathlib import Path

import sqlalchemy as sa
from flask import Flask
from sqlalchemy.orm import Session

from server.demo.county import COUNTY
from server.demo.history import began_on, load_history
from server.demo.names import People
from server.demo.stage import FULL, SMALL, DemoClock, Scale, Stage, at_outlet
from server.demo.workbook import make_workbook
from server.importing import import_organisation
from server.models import db
from server.models.people import CountyModel, DeviceModel
from server.services import EXTENSION, Services
from shared.domain.people import Role, Staff

__all__ = ["DemoState", "days_since_load", "demo_state", "load_demo", "load_small_demo"]

SEED = 20_261_123
# Enrolled last of all: who finds it knows that the load came to its end.
LAST_PHONE_LABEL = "演示数据已齐"

Say = Callable[[str, str], None]


class DemoState(Enum):
    """What a migrated database holds, as far as the demo is concerned."""

    EMPTY = "empty"
    LOADED = "loaded"
    BROKEN_OFF = "broken_off"
    FOREIGN = "foreign"


def demo_state(session: Session) -> DemoState:
    """Look what is in the database."""
    names = set(session.scalars(sa.select(CountyModel.name)))
    if not names:
        return DemoState.EMPTY
    if names != {COUNTY}:
        return DemoState.FOREIGN
    last = session.scalar(sa.select(DeviceModel.id).filter_by(label=LAST_PHONE_LABEL))
    return DemoState.LOADED if last else DemoState.BROKEN_OFF


def days_since_load(session: Session, now: dt.datetime) -> int:
    """Return how old the demo's present is: its sales and visits were planned around that day."""
    loaded_at = session.scalar(sa.select(DeviceModel.enrolled_at).filter_by(label=LAST_PHONE_LABEL))
    return 0 if loaded_at is None else (now - loaded_at).days


def load_small_demo(app: Flask) -> Stage:
    """Load a demo county in which little has happened, up to now by the app's own clock.

    For tests: the database of *app* is migrated and empty.
    """
    return load_demo(app, scale=SMALL)


def load_demo(app: Flask, *, scale: Scale = FULL, say: Say | None = None) -> Stage:
    """Load the demo county into the empty database of *app*, up to now by the app's own clock."""
    services: Services = app.extensions[EXTENSION]
    now = services.door.clock.now()
    with app.app_context(), _rare_collections():
        stage = _stage(services, db.session(), scale)
        tell = _keep_quiet if say is None else say
        tell("网点、员工、村庄（按工作簿导入）", "outlets, staff, villages, from a workbook")
        _import(stage)
        load_history(stage, tell)
        stage.clock.reach(now)
        administrator = stage.holding(Role.ADMINISTRATOR)[0].staff
        stage.enrol(administrator, LAST_PHONE_LABEL)
        stage.session.rollback()
    return stage


@contextmanager
def _rare_collections() -> Iterator[None]:
    """Look for garbage in cycles a hundred times less often: a quarter of the load's time."""
    usual = gc.get_threshold()
    gc.set_threshold(200_000, 20, 20)
    try:
        yield
    finally:
        gc.set_threshold(*usual)


def _stage(services: Services, session: Session, scale: Scale) -> Stage:
    now = services.door.clock.now()
    clock = DemoClock(services.door.clock, now)
    stage = Stage(
        door=replace(services.door, clock=clock),
        clock=clock,
        config=services.config,
        session=session,
        county_id="",
        scale=scale,
        random=random.Random(SEED),
        people=People(SEED),
        now=now,
    )
    clock.begin(at_outlet(began_on(stage), 7))
    return stage


def _import(stage: Stage) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "demo.xlsx"
        make_workbook(path)
        report = import_organisation(stage.door, stage.session, path)
    assert report.accepted, report.text("en")
    stage.county_id = stage.session.scalars(sa.select(CountyModel.id).filter_by(name=COUNTY)).one()
    for staff in sorted(stage.rows().where(Staff), key=lambda one: one.number):
        stage.enrol(staff)


def _keep_quiet(chinese: str, english: str) -> None:
    del chinese, english
