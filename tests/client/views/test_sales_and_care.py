"""Sale dates and care-card visits in four taps; changes with their reasons."""

from __future__ import annotations

import asyncio
import dataclasses
import datetime as dt

import pytest

from shared.domain.care_card import CareCard, CareFollowUp, CareReason, CareStatus, FollowUpHow
from shared.domain.customer import Customer, CustomerContact
from shared.domain.harvest import HarvestDate, HarvestStatus
from shared.domain.referral import Need, Referral
from tests.client.views.demo_rows import CARD, EAST, PEPPER, SALE, postman_field
from tests.client.views.harness import Screen


def test_sale_date_takes_four_taps() -> None:
    async def story() -> None:
        field = postman_field()
        screen = await Screen().open(field)
        await screen.tap("报出售日")
        await screen.tap("西瓜")
        await screen.tap("明天")
        await screen.tap("保存")
        assert screen.taps <= 4
        (sale,) = [one for one in field.world.where(HarvestDate) if one.id != SALE]
        assert sale.village_id == EAST
        assert sale.sale_from_on == dt.date(2026, 11, 24)
        assert sale.payout_on == dt.date(2026, 11, 24)
        assert not screen.conn.crashes
        await screen.close()

    asyncio.run(story())


def test_sale_form_offers_the_next_market_day_by_name() -> None:
    async def story() -> None:
        screen = await Screen().open(postman_field())
        await screen.tap("报出售日")
        assert screen.shows("11/25 墟日")
        await screen.close()

    asyncio.run(story())


def test_sale_known_already_is_said_and_the_form_stays() -> None:
    async def story() -> None:
        field = postman_field()
        screen = await Screen().open(field)
        for _ in range(2):
            await screen.tap("报出售日")
            await screen.tap("西瓜")
            await screen.tap("明天")
            await screen.tap("保存")
        assert screen.shows("您已报过这次出售")
        assert screen.app.navigation.location.startswith("/postman/sale?")
        assert len(field.recorded) == 1
        await screen.close()

    asyncio.run(story())


def test_sale_shifts_to_another_day_with_a_reason() -> None:
    async def story() -> None:
        field = postman_field()
        screen = await Screen().open(field, route=f"/postman/sale/{SALE}")
        await screen.tap("改日子")
        await screen.tap("周五")
        await screen.tap("改到这天")
        sale = field.world.get(HarvestDate, SALE)
        assert sale is not None
        assert sale.sale_from_on == dt.date(2026, 11, 27)
        assert sale.crop_id == PEPPER
        await screen.close()

    asyncio.run(story())


def test_sale_confirms_with_the_source() -> None:
    async def story() -> None:
        field = postman_field()
        screen = await Screen().open(field, route=f"/postman/sale/{SALE}")
        await screen.tap("确认日子")
        await screen.tap("收购商定")
        sale = field.world.get(HarvestDate, SALE)
        assert sale is not None
        assert sale.status is HarvestStatus.CONFIRMED
        await screen.close()

    asyncio.run(story())


def test_sale_cancels_with_a_reason() -> None:
    async def story() -> None:
        field = postman_field()
        screen = await Screen().open(field, route=f"/postman/sale/{SALE}")
        await screen.tap("不卖了")
        await screen.tap("价格谈不拢")
        await screen.tap("取消这次出售")
        sale = field.world.get(HarvestDate, SALE)
        assert sale is not None
        assert sale.status is HarvestStatus.CANCELLED
        await screen.close()

    asyncio.run(story())


def test_care_card_visit_takes_four_taps() -> None:
    async def story() -> None:
        field = postman_field()
        screen = await Screen().open(field)
        screen.taps += 1
        await screen.fire(screen.button("吴婶"), "click")
        await screen.tap("记下这次回访")
        assert screen.taps <= 4
        (visit,) = field.world.where(CareFollowUp, care_card_id=CARD)
        assert visit.next_contact_on == dt.date(2026, 11, 30)
        card = field.world.get(CareCard, CARD)
        assert card is not None
        assert card.status is CareStatus.INVITED
        await screen.close()

    asyncio.run(story())


def test_care_card_opens_for_somebody_new() -> None:
    async def story() -> None:
        field = postman_field()
        screen = await Screen().open(field, route="/postman/care")
        await screen.tap("要和家人商量")
        await screen.type("称呼或姓名", "蔡姐")
        await screen.tap("客户已同意，保存")
        (card,) = [one for one in field.world.where(CareCard) if one.id != CARD]
        assert card.next_contact_on == dt.date(2026, 11, 30)
        await screen.close()

    asyncio.run(story())


def test_own_care_card_is_put_right_until_somebody_acts_on_it() -> None:
    async def story() -> None:
        field = postman_field()
        screen = await Screen().open(field, route="/postman/care")
        await screen.tap("要和家人商量")
        await screen.type("称呼或姓名", "蔡姐")
        await screen.tap("客户已同意，保存")
        await screen.tap("看看")
        await screen.tap("改正")
        await screen.tap("钱还没到")
        await screen.tap("明天")
        await screen.type("称呼或姓名", "蔡大姐")
        await screen.type("电话", "138 0000 1234")
        await screen.tap("保存改正")
        (card,) = [one for one in field.world.where(CareCard) if one.id != CARD]
        assert (card.reason, card.next_contact_on) == (
            CareReason.MONEY_NOT_IN,
            dt.date(2026, 11, 24),
        )
        customer = field.world.get(Customer, card.customer_id)
        assert customer is not None
        assert customer.name == "蔡大姐"
        assert field.world.where(CustomerContact, customer_id=customer.id)[0].phone == "13800001234"
        assert field.drafts.names() == []
        assert screen.app.navigation.location == f"/postman/care/{card.id}"
        await screen.tap("记下这次回访")
        screen.app.navigation.open(f"/postman/care/{card.id}")
        await screen.settle()
        for gone in ("改正", "开错了，撤回"):
            with pytest.raises(AssertionError):
                screen.button(gone)
        await screen.close()

    asyncio.run(story())


def test_care_card_whose_day_has_passed_is_put_right_without_choosing_another() -> None:
    async def story() -> None:
        field = postman_field()
        field.at += dt.timedelta(days=30)
        screen = await Screen().open(field, route=f"/postman/care/{CARD}/correct")
        await screen.type("备注", "家里有老人")
        await screen.tap("保存改正")
        card = field.world.get(CareCard, CARD)
        assert card is not None
        assert card.note == "家里有老人"
        await screen.close()

    asyncio.run(story())


def test_care_card_opened_by_mistake_is_taken_back() -> None:
    async def story() -> None:
        field = postman_field()
        screen = await Screen().open(field, route=f"/postman/care/{CARD}")
        await screen.tap("开错了，撤回")
        card = field.world.get(CareCard, CARD)
        assert card is not None
        assert card.status is CareStatus.WITHDRAWN
        await screen.close()

    asyncio.run(story())


def test_care_card_becomes_a_lead_when_the_customer_comes() -> None:
    async def story() -> None:
        field = postman_field()
        screen = await Screen().open(field, route=f"/postman/care/{CARD}")
        await screen.tap("客户要办了，转成线索")
        await screen.tap("客户已同意，转成线索")
        card = field.world.get(CareCard, CARD)
        assert card is not None
        assert card.status is CareStatus.CONVERTED
        (lead,) = field.world.where(Referral, care_card_id=CARD)
        assert lead.need is Need.DEPOSIT
        await screen.close()

    asyncio.run(story())


def test_own_sale_that_nobody_relied_on_is_corrected_or_taken_back() -> None:
    async def story() -> None:
        field = postman_field()
        screen = await Screen().open(field)
        for text in (
            "报出售日",
            "西瓜",
            "明天",
            "保存",
            "看看",
            "记错日子，改正",
            "后天",
            "保存改正",
        ):
            await screen.tap(text)
        (sale,) = [one for one in field.world.where(HarvestDate) if one.id != SALE]
        assert sale.sale_from_on == dt.date(2026, 11, 25)
        await screen.tap("报错了，撤回")
        taken_back = field.world.get(HarvestDate, sale.id)
        assert taken_back is not None
        assert taken_back.status is HarvestStatus.WITHDRAWN
        await screen.close()

    asyncio.run(story())


@pytest.mark.parametrize(
    ("status", "said"),
    [
        (CareStatus.CLOSED, "已结束"),
        (CareStatus.OPTED_OUT, "不再联系"),
        (CareStatus.CONVERTED, "已转成线索"),
    ],
)
def test_ended_care_card_asks_nobody_to_contact_the_customer(status: CareStatus, said: str) -> None:
    async def story() -> None:
        field = postman_field()
        card = field.world.get(CareCard, CARD)
        assert card is not None
        past = card.next_contact_on - dt.timedelta(days=20)
        field.world.put(dataclasses.replace(card, status=status, next_contact_on=past))
        screen = await Screen().open(field, route="/postman/records")
        await screen.tap("关怀卡")
        assert screen.shows(said)
        assert not screen.shows("该联系了")
        await screen.close()

    asyncio.run(story())


def test_call_to_a_care_customer_is_recorded_with_one_tap_more() -> None:
    async def story() -> None:
        field = postman_field()
        screen = await Screen().open(field, route=f"/postman/care/{CARD}")
        await screen.tap("打电话")
        await screen.tap("记下这次回访")
        (attempt,) = field.world.where(CareFollowUp, care_card_id=CARD)
        assert attempt.how is FollowUpHow.CALL
        assert screen.taps == 2
        await screen.close()

    asyncio.run(story())


def test_customers_number_is_copied_in_one_tap() -> None:
    async def story() -> None:
        screen = await Screen().open(postman_field(), route=f"/postman/care/{CARD}")
        await screen.tap("复制号码")
        assert screen.shows("号码已复制")
        await screen.close()

    asyncio.run(story())


def test_customers_number_is_masked_until_it_is_asked_for() -> None:
    async def story() -> None:
        screen = await Screen().open(postman_field(), route=f"/postman/care/{CARD}")
        assert screen.shows("138****5678")
        await screen.tap("显示号码")
        assert screen.shows("138 0000 5678")
        await screen.tap("隐藏号码")
        assert not screen.shows("138 0000 5678")
        await screen.close()

    asyncio.run(story())
