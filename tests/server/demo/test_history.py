"""The demo's people have lived: through real operations, up to this hour, the same each time."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from dataclasses import replace
from pathlib import Path

import sqlalchemy as sa
from flask import Flask

from server.demo.loading import DemoState, demo_state, load_demo
from server.demo.stage import SMALL, Stage, at_outlet
from server.ledger.check import check_ledger
from server.models import db
from server.models.customer import CustomerContactModel
from server.models.referral import ReferralModel
from server.models.sync import OpModel
from shared.domain.care_card import CareCard
from shared.domain.harvest import LIVE_STATUSES, HarvestDate
from shared.domain.notice import Notice
from shared.domain.people import Device
from shared.domain.points import PointsEntry, PointsStatus
from shared.domain.referral import Referral, ReferralStatus
from shared.domain.visit import Visit, VisitStatus
from shared.wire.envelope import OpState
from tests.server.demo.conftest import app_on

Demo = tuple[Flask, Stage]
TODAY = dt.date(2026, 11, 23)
TINY = replace(SMALL, days=3, customers=5)


def test_demo_is_recognised_once_loaded(small_demo: Demo, tmp_path: Path) -> None:
    assert small_demo
    assert demo_state(db.session()) is DemoState.LOADED
    with app_on(f"sqlite:///{tmp_path / 'empty.sqlite3'}").app_context():
        assert demo_state(db.session()) is DemoState.EMPTY
        db.engine.dispose()


def test_demo_operations_are_taken_by_the_real_rules(small_demo: Demo) -> None:
    _, stage = small_demo
    states = Counter(db.session.scalars(sa.select(OpModel.state)))
    assert states[OpState.PARKED] == 0
    assert states[OpState.DEFERRED] == 0
    assert stage.refused == []


def test_demo_leads_stand_in_many_states(small_demo: Demo) -> None:
    rows = small_demo[1].rows()
    states = {referral.status for referral in rows.where(Referral)}
    assert states >= {
        ReferralStatus.ROUTED, ReferralStatus.ACCEPTED, ReferralStatus.MET,
        ReferralStatus.VISIT_SET, ReferralStatus.VERIFIED, ReferralStatus.HELD,
    }  # fmt: skip


def test_demo_phones_were_heard_of_lately_but_for_one_to_ask_after(small_demo: Demo) -> None:
    """Whoever had nothing to send has looked for news all the same."""
    _, stage = small_demo
    silent = [
        (stage.now - (one.last_seen_at or one.enrolled_at)).days
        for one in stage.rows().where(Device)
    ]
    assert sorted(silent, reverse=True)[:3] == [4, 1, 0]


def test_demo_news_of_earlier_days_has_been_read(small_demo: Demo) -> None:
    _, stage = small_demo
    yesterday = at_outlet(stage.today - dt.timedelta(days=1), 0)
    notices = stage.rows().where(Notice)
    unread = [notice for notice in notices if notice.seen_at is None]
    assert unread
    assert min(notice.at for notice in unread) >= yesterday
    assert any(notice.at < yesterday for notice in notices)


def test_demo_sells_today_and_in_the_coming_two_weeks(small_demo: Demo) -> None:
    rows = small_demo[1].rows()
    ahead = [
        sale
        for sale in rows.where(HarvestDate)
        if sale.status in LIVE_STATUSES
        and TODAY <= sale.sale_from_on <= TODAY + dt.timedelta(days=14)
    ]
    assert len(ahead) >= 5
    assert any(sale.sale_from_on <= TODAY <= sale.sale_to_on for sale in rows.where(HarvestDate))


def test_demo_sells_in_every_month_of_the_year(small_demo: Demo) -> None:
    from server.demo.seasons import present_sales  # noqa: PLC0415 - needs the imported county

    stage = small_demo[1]
    for month in range(1, 13):
        day = dt.date(2027, month, 10)
        ahead = [
            sale
            for sale in present_sales(stage.rows(), stage.random, day)
            if 0 <= (sale.from_on - day).days <= 14
        ]
        assert len(ahead) >= 4, month


def test_demo_has_points_to_approve_and_points_approved(small_demo: Demo) -> None:
    rows = small_demo[1].rows()
    statuses = Counter(entry.status for entry in rows.where(PointsEntry))
    assert statuses[PointsStatus.PENDING] > 5
    assert statuses[PointsStatus.APPROVED] > 5
    assert check_ledger(db.session()).holds


def test_demo_has_visits_ahead_and_behind_and_care_cards(small_demo: Demo) -> None:
    rows = small_demo[1].rows()
    statuses = Counter(visit.status for visit in rows.where(Visit))
    assert statuses[VisitStatus.SCHEDULED] > 0
    assert statuses[VisitStatus.DONE] > 0
    assert len(rows.where(CareCard)) > 3


def test_demo_has_a_cold_wave_of_yesterday_or_today(small_demo: Demo) -> None:
    assert small_demo
    query = sa.select(OpModel.state).where(OpModel.name == "shift_harvest_dates")
    assert list(db.session.scalars(query)) == [OpState.OK]


def test_demo_happens_before_now_and_never_after(small_demo: Demo) -> None:
    stage = small_demo[1]
    instants = [*db.session.scalars(sa.select(OpModel.received_at)),
                *db.session.scalars(sa.select(ReferralModel.captured_to))]  # fmt: skip
    assert max(instants) <= stage.now


def test_demo_numbers_are_invented(small_demo: Demo) -> None:
    assert small_demo
    phones = list(db.session.scalars(sa.select(CustomerContactModel.phone)))
    assert phones
    assert all(phone.startswith("1990000") for phone in phones)


def test_demo_is_the_same_on_every_machine(tmp_path: Path) -> None:
    def told(name: str) -> list[tuple[object, ...]]:
        app = app_on(f"sqlite:///{tmp_path / name}")
        load_demo(app, scale=TINY)
        query = sa.select(OpModel.device, OpModel.seq, OpModel.digest, OpModel.state)
        with app.app_context():
            found = db.session.execute(query.order_by(OpModel.device, OpModel.seq)).all()
            db.session.remove()
            db.engine.dispose()
        return [tuple(row) for row in found]

    assert told("first.sqlite3") == told("again.sqlite3")


def test_demo_loads_into_postgresql_too(postgres_database_url: str) -> None:
    app = app_on(postgres_database_url)
    stage = load_demo(app, scale=TINY)
    with app.app_context():
        assert demo_state(db.session()) is DemoState.LOADED
        assert stage.refused == []
        assert check_ledger(db.session()).holds
        db.session.remove()
        db.engine.dispose()
