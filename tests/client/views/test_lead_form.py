"""A lead in five taps; nothing typed is lost, whatever happens."""

from __future__ import annotations

import asyncio

import flet as ft
import pytest

from shared.domain.customer import Customer, CustomerContact
from shared.domain.referral import Interest, Need, Referral
from shared.domain.refusals import RefusedError
from tests.client.views.demo_rows import EAST, LEAD, SALE, WEST, postman_field
from tests.client.views.harness import Screen


def test_lead_takes_five_taps_with_the_village_preset() -> None:
    async def story() -> None:
        field = postman_field()
        screen = await Screen().open(field)
        await screen.tap("记线索")
        await screen.tap("存款")
        await screen.tap("很高")
        await screen.type("称呼或姓名", "王叔")
        await screen.type("电话", "138 0000 1234")
        await screen.tap("客户已同意，保存")
        assert screen.taps <= 5
        (lead,) = [one for one in field.world.where(Referral) if one.id != LEAD]
        assert (lead.village_id, lead.need, lead.interest) == (EAST, Need.DEPOSIT, Interest.HIGH)
        assert lead.harvest_date_id == SALE
        customer = field.world.get(Customer, lead.customer_id)
        assert customer is not None
        assert customer.name == "王叔"
        (contact,) = field.world.where(CustomerContact, customer_id=customer.id)
        assert contact.phone == "13800001234"
        assert screen.app.navigation.location == "/"
        assert screen.shows("未上传")
        assert screen.shows("1 条在本机")
        assert field.drafts.names() == []
        assert not screen.conn.crashes
        await screen.close()

    asyncio.run(story())


def test_lead_of_the_second_village_opens_with_that_village() -> None:
    async def story() -> None:
        field = postman_field()
        screen = await Screen().open(field)
        screen.app.navigation.open(f"/postman/lead?village={WEST}")
        await screen.settle()
        await screen.tap("贷款")
        await screen.tap("一般")
        await screen.tap("客户已同意，保存")
        (lead,) = [one for one in field.world.where(Referral) if one.id != LEAD]
        assert lead.village_id == WEST
        await screen.close()

    asyncio.run(story())


def test_unseen_characters_of_a_pasted_text_do_no_harm() -> None:
    """A contact copied on a phone comes between direction marks, which no server takes."""

    async def story() -> None:
        field = postman_field()
        screen = await Screen().open(field)
        await screen.tap("记线索")
        await screen.tap("存款")
        await screen.tap("很高")
        await screen.type("称呼或姓名", "\u2068王叔\u2069")
        await screen.type("电话", "\u202d138 0000 1234\u202c")
        assert screen.shows("号码完整")
        await screen.tap("客户已同意，保存")
        (lead,) = [one for one in field.world.where(Referral) if one.id != LEAD]
        customer = field.world.get(Customer, lead.customer_id)
        assert customer is not None
        assert customer.name == "王叔"
        await screen.close()

    asyncio.run(story())


def test_lead_without_a_name_is_named_after_the_village() -> None:
    async def story() -> None:
        field = postman_field()
        screen = await Screen().open(field)
        for text in ("记线索", "理财", "一般", "客户已同意，保存"):
            await screen.tap(text)
        (lead,) = [one for one in field.world.where(Referral) if one.id != LEAD]
        customer = field.world.get(Customer, lead.customer_id)
        assert customer is not None
        assert customer.name == "东坑村村民"
        await screen.close()

    asyncio.run(story())


def test_lead_form_marks_what_is_missing_and_keeps_the_rest() -> None:
    async def story() -> None:
        field = postman_field()
        screen = await Screen().open(field)
        await screen.tap("记线索")
        await screen.type("称呼或姓名", "李婶")
        await screen.tap("客户已同意，保存")
        assert screen.shows("请选一项")
        (name,) = screen.all(ft.TextField, label="称呼或姓名")
        assert name.value == "李婶"
        assert field.recorded == []
        await screen.close()

    asyncio.run(story())


def test_lead_form_says_how_many_digits_the_phone_lacks() -> None:
    async def story() -> None:
        field = postman_field()
        screen = await Screen().open(field)
        await screen.tap("记线索")
        await screen.type("电话", "13800")
        assert screen.shows("还差 6 位")
        await screen.type("电话", "12800")
        assert screen.shows("手机号要以 13–19 开头")
        await screen.type("电话", "13800001234")
        assert screen.shows("号码完整")
        await screen.close()

    asyncio.run(story())


def test_lead_form_names_the_likely_wealth_manager_as_provisional() -> None:
    async def story() -> None:
        screen = await Screen().open(postman_field())
        await screen.tap("记线索")
        assert screen.shows("林晓梅")
        assert screen.shows("暂定")
        await screen.close()

    asyncio.run(story())


def test_lead_draft_comes_back_after_a_kill() -> None:
    async def story() -> None:
        field = postman_field()
        screen = await Screen().open(field)
        await screen.tap("记线索")
        await screen.tap("国债")
        await screen.type("称呼或姓名", "周伯")
        await screen.close()  # Killed here.
        again = await Screen().open(field)
        assert again.shows("有一条线索没写完")
        await again.tap("接着写")
        (name,) = again.all(ft.TextField, label="称呼或姓名")
        assert name.value == "周伯"
        await again.tap("很高")
        await again.tap("客户已同意，保存")
        (recorded,) = field.recorded
        assert recorded[1].need is Need.BOND
        await again.close()

    asyncio.run(story())


def test_lead_form_stays_filled_in_when_the_phone_is_full() -> None:
    async def story() -> None:
        field = postman_field()
        screen = await Screen().open(field)
        for text in ("记线索", "存款", "很高"):
            await screen.tap(text)
        await screen.type("称呼或姓名", "王叔")
        field.failure = RefusedError("storage-full")
        await screen.tap("客户已同意，保存")
        assert screen.shows("手机存储空间满了")
        (name,) = screen.all(ft.TextField, label="称呼或姓名")
        assert name.value == "王叔"
        await screen.tap("客户已同意，保存")
        assert len(field.recorded) == 1
        await screen.close()

    asyncio.run(story())


def test_lead_form_keeps_nothing_when_the_customer_does_not_agree() -> None:
    async def story() -> None:
        field = postman_field()
        screen = await Screen().open(field)
        for text in ("记线索", "存款"):
            await screen.tap(text)
        await screen.tap("不同意")
        assert field.recorded == []
        assert field.drafts.names() == []
        assert screen.shows("什么也没有保存")
        assert screen.app.navigation.location == "/"
        await screen.close()

    asyncio.run(story())


def test_no_that_was_a_slip_brings_all_back() -> None:
    async def story() -> None:
        field = postman_field()
        screen = await Screen().open(field)
        await screen.tap("记线索")
        await screen.type("称呼或姓名", "王叔")
        await screen.tap("不同意")
        await screen.tap("点错了")
        (name,) = screen.all(ft.TextField, label="称呼或姓名")
        assert name.value == "王叔"
        await screen.close()

    asyncio.run(story())


@pytest.mark.parametrize("form", ["/postman/lead", "/postman/care"])
def test_what_the_customer_agrees_to_stands_right_over_the_button(form: str) -> None:
    async def story() -> None:
        screen = await Screen().open(postman_field(), route=form)
        texts = screen.texts()
        asked = next(at for at, text in enumerate(texts) if "由他或我联系您，可以吗" in text)
        assert [text for text in texts[asked:] if text in {"不同意", "客户已同意，保存"}]
        assert not [text for text in texts[:asked] if text == "客户已同意，保存"]
        scrolling = [one for one in screen.all(ft.Column) if one.scroll is not None]
        assert scrolling
        for column in scrolling:
            inside = [str(one.value) for one in screen.walk(column) if isinstance(one, ft.Text)]
            assert not [text for text in inside if "可以吗" in text]
        await screen.tap("全文")
        assert screen.shows("您随时可以说不")
        await screen.close()

    asyncio.run(story())


def test_unfinished_lead_of_one_village_stays_out_of_the_next_ones_form() -> None:
    async def story() -> None:
        field = postman_field()
        screen = await Screen().open(field, route=f"/postman/lead?village={EAST}")
        await screen.type("称呼或姓名", "王叔")
        await screen.tap("返回")
        screen.app.navigation.open(f"/postman/lead?village={WEST}")
        await screen.settle()
        (name,) = screen.all(ft.TextField, label="称呼或姓名")
        assert name.value == ""
        await screen.tap("返回")
        await screen.tap("接着写")
        (name,) = screen.all(ft.TextField, label="称呼或姓名")
        assert name.value == "王叔"
        await screen.close()

    asyncio.run(story())
