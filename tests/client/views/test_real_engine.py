"""The screens on the real engine: a real journal, real keys, and a server on the other side."""

from __future__ import annotations

import asyncio

import flet as ft

from client.engine import Field
from shared.domain.people import Outlet, Role, Staff
from shared.domain.referral import Referral
from shared.domain.village import Crop, Round, Village, VillageCrop
from shared.ids import make_id
from tests.client.fake_server import CODE, POSTMAN, FakeServer
from tests.client.phone import PIN, Phone
from tests.client.views.harness import Screen

MANAGER = Staff(
    id=make_id(0, 9, 1),
    county_id=POSTMAN.county_id,
    outlet_id=POSTMAN.outlet_id,
    number="W009",
    name="林晓梅",
    roles=(Role.WEALTH_MANAGER,),
)


def round_of_one_village(server: FakeServer) -> None:
    village_id, crop_id, round_id = (make_id(0, 9, salt) for salt in (2, 3, 4))
    server.put(
        MANAGER,
        Outlet(
            id=POSTMAN.outlet_id,
            county_id=POSTMAN.county_id,
            number="524200",
            name="龙门支局",
            town="龙门",
        ),
        Round(id=round_id, outlet_id=POSTMAN.outlet_id, name="一段", postman_id=POSTMAN.id),
        Village(
            id=village_id,
            outlet_id=POSTMAN.outlet_id,
            round_id=round_id,
            name="东坑村",
            town="龙门",
            households=60,
            wealth_manager_id=MANAGER.id,
        ),
        Crop(
            id=crop_id, county_id=POSTMAN.county_id, name="西瓜", cash_days_min=0, cash_days_max=0
        ),
        VillageCrop(
            id=make_id(0, 9, 5),
            village_id=village_id,
            crop_id=crop_id,
            months=(4, 5, 6),
            households=60,
            fen_per_household=2_500_000,
        ),
    )


async def key_in(screen: Screen, pin: str) -> None:
    for digit in pin:
        await screen.tap(digit)
        await until(screen, lambda: True)


async def until(screen: Screen, holds: object, seconds: float = 8.0) -> None:
    """Wait for what happens in real files and threads."""
    assert callable(holds)
    for _ in range(int(seconds / 0.02)):
        await screen.settle()
        if holds():
            return
        await asyncio.sleep(0.02)
    raise AssertionError(screen.texts())


async def test_round_from_enrolment_to_a_receipt(phone: Phone, server: FakeServer) -> None:
    """Enrol, choose a PIN, record with the network cut, be killed, unlock, sync."""
    round_of_one_village(server)
    screen = await Screen().open(Field(phone.new_device()))
    await screen.type("登记码", CODE)
    await screen.tap("开始使用")
    await until(screen, lambda: screen.shows("设一个 6 位 PIN"))
    await key_in(screen, PIN)
    await key_in(screen, PIN)
    await until(screen, lambda: screen.shows("今天"))
    await screen.app.field.sync_now()
    await until(screen, lambda: screen.shows("东坑村"))

    server.reachable = False
    await screen.tap("记线索")
    await screen.tap("存款")
    await screen.tap("很高")
    await screen.type("称呼或姓名", "王叔")
    await screen.type("电话", "13800001234")
    await screen.tap("客户已同意，保存")
    await until(screen, lambda: screen.shows("1 条在本机"))
    await screen.tap("记线索")
    await screen.type("称呼或姓名", "周伯")
    await asyncio.sleep(0.4)  # A draft is on the device within a quarter of a second.
    assert not screen.conn.crashes
    await screen.close()

    phone.kill()
    again = await Screen().open(Field(phone.new_device()))
    await key_in(again, PIN)
    await until(again, lambda: again.shows("1 条在本机"))
    assert again.shows("有一条线索没写完")
    await again.tap("接着写")
    (name,) = again.all(ft.TextField, label="称呼或姓名")
    assert name.value == "周伯"
    await again.tap("返回")

    server.reachable = True
    again.app.navigation.switch("/postman/records")
    await again.settle()
    assert "在本机 · 未上传" in again.texts()
    await again.app.field.sync_now()
    await until(again, lambda: again.shows("回执号"))
    (lead,) = server.where(Referral)
    assert lead.referrer_id == POSTMAN.id
    assert not again.conn.crashes
    await again.app.field.stop()  # type: ignore[attr-defined]
    await again.close()
