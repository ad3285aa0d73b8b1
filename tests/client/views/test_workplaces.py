"""Who sees which screens, and that nobody is offered what the rules would refuse them."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from client.views.registry import workplaces_of
from shared.domain.care_card import CareCard
from shared.domain.people import Role
from shared.domain.referral import LeadSource, Referral
from shared.domain.village import Round
from tests.client.views.demo_rows import CARD, ME, SALE, world
from tests.client.views.fake_field import FakeField
from tests.client.views.harness import Screen

AT_OUTLET = (
    Role.TELLER,
    Role.COUNTER,
    Role.LOBBY_MANAGER,
    Role.LOBBY_SUPERVISOR,
    Role.BACK_OFFICE,
)


def field_of(*roles: Role) -> FakeField:
    return FakeField(replace(ME, roles=roles), world())


def offers(screen: Screen, text: str) -> bool:
    try:
        screen.button(text)
    except AssertionError:
        return False
    return True


@pytest.mark.parametrize("role", list(Role), ids=str)
def test_everybody_has_screens_of_their_own_post(role: Role) -> None:
    (workplace,) = workplaces_of([role])
    assert workplace.post_of([role]) is role


@pytest.mark.parametrize("role", AT_OUTLET, ids=str)
def test_referral_at_the_outlet_takes_four_taps_and_no_village(role: Role) -> None:
    async def story() -> None:
        field = field_of(role)
        for table in (Referral, Round):
            field.world.tables[table].clear()
        screen = await Screen().open(field)
        assert not screen.shows("今天的村")
        for text in ("记线索", "存款", "很高", "客户已同意，保存"):
            await screen.tap(text)
        (lead,) = field.world.where(Referral)
        assert (lead.village_id, lead.source) == (None, LeadSource.WALK_IN)
        assert screen.taps <= 4
        assert screen.shows("没留姓名的客户")
        assert not screen.shows("—")
        assert not screen.conn.crashes
        await screen.close()

    asyncio.run(story())


@pytest.mark.parametrize("role", AT_OUTLET, ids=str)
def test_sale_dates_are_changed_by_none_who_only_look_at_them(role: Role) -> None:
    async def story() -> None:
        screen = await Screen().open(field_of(role), route=f"/postman/sale/{SALE}")
        assert offers(screen, "记线索")
        for text in ("改日子", "确认日子", "看见装车了", "不卖了"):
            assert not offers(screen, text)
        await screen.close()
        postman = await Screen().open(field_of(Role.POSTMAN), route=f"/postman/sale/{SALE}")
        for text in ("改日子", "确认日子", "看见装车了", "不卖了"):
            assert offers(postman, text)
        await postman.close()

    asyncio.run(story())


def test_teller_leaves_the_following_up_to_others() -> None:
    async def story() -> None:
        field = field_of(Role.TELLER)
        screen = await Screen().open(field)
        assert not offers(screen, "开关怀卡")
        screen.app.navigation.open(f"/postman/care/{CARD}")
        await screen.settle()
        for text in ("记下这次回访", "客户要办了，转成线索", "结束这张卡"):
            assert not offers(screen, text)
        assert offers(screen, "改正")
        await screen.tap("客户不想再被联系")
        card = field.world.get(CareCard, CARD)
        assert card is not None
        assert card.ended_at is not None
        await screen.close()

    asyncio.run(story())


def test_lobby_manager_follows_cards_up() -> None:
    async def story() -> None:
        screen = await Screen().open(field_of(Role.LOBBY_MANAGER))
        assert offers(screen, "开关怀卡")
        assert offers(screen, "吴婶")
        screen.app.navigation.open(f"/postman/care/{CARD}")
        await screen.settle()
        assert offers(screen, "记下这次回访")
        await screen.close()

    asyncio.run(story())


@pytest.mark.parametrize("role", [Role.ADMINISTRATOR, Role.PAYROLL], ids=str)
def test_office_is_told_that_its_screens_are_not_there_yet(role: Role) -> None:
    async def story() -> None:
        screen = await Screen().open(field_of(role))
        assert screen.shows(f"{screen.app.words.name(role)}的画面还没有做好")
        assert not offers(screen, "记线索")
        await screen.tap("我的")
        assert screen.shows("陈大顺")
        await screen.close()

    asyncio.run(story())


def test_person_of_two_posts_at_the_outlet_is_called_by_their_own() -> None:
    async def story() -> None:
        screen = await Screen().open(field_of(Role.LOBBY_MANAGER, Role.WEALTH_MANAGER))
        assert screen.shows("大堂经理")
        assert not screen.shows("高柜柜员")
        await screen.close()

    asyncio.run(story())
