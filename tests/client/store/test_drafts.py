from __future__ import annotations

import asyncio

import pytest

from client.device import StorageFullError
from client.device.native import FileSettings
from client.status import Draft
from client.store import drafts as drafts_module
from shared.wire.schemas import instant_from_ms
from tests.client.fake_server import POSTMAN
from tests.client.phone import Phone, eventually, lead, stored


async def test_draft_comes_back_after_a_kill(phone: Phone) -> None:
    field = await phone.enrolled()
    field.drafts.keep("lead", {"customer_name": "王"})
    field.drafts.keep("lead", {"customer_name": "王阿婆"})
    await eventually(lambda: stored(phone.folder / "settings", "drafts*"))
    field = await phone.reopened()
    assert field.drafts.get("lead") == Draft(
        name="lead",
        values={"customer_name": "王阿婆"},
        kept_at=instant_from_ms(phone.clock.wall),
    )
    assert field.drafts.get("sale") is None


async def test_change_is_kept_within_300_ms_although_typing_goes_on(phone: Phone) -> None:
    assert drafts_module.KEEP_WITHIN_S <= 0.3
    field = await phone.enrolled()
    for length in range(1, 40):
        field.drafts.keep("lead", {"note": "瓜" * length})
        await asyncio.sleep(0.01)
    field = await phone.reopened()
    draft = field.drafts.get("lead")
    assert draft is not None
    assert len(str(draft.values["note"])) > 5


async def test_locking_keeps_the_last_word(phone: Phone) -> None:
    field = await phone.enrolled()
    field.drafts.keep("lead", {"note": "last"})
    await field.lock()
    field = await phone.reopened()
    assert field.drafts.names() == ["lead"]


async def test_drafts_are_named_newest_first(phone: Phone) -> None:
    field = await phone.enrolled()
    for name in ("lead", "sale", "care"):
        phone.clock.pass_s(1)
        field.drafts.keep(name, {})
    assert field.drafts.names() == ["care", "sale", "lead"]
    await field.drafts.discard("sale")
    await field.drafts.discard("unknown")
    assert (await phone.reopened()).drafts.names() == ["care", "lead"]


async def test_draft_of_a_saved_record_is_forgotten(phone: Phone) -> None:
    """The app was killed after "saved" and before the draft was gone."""
    field = await phone.enrolled()
    one, two = lead(field), lead(field, "李老板")
    await field.record("submit_referral", one)
    field.drafts.keep("one", {"id": one.id})
    field.drafts.keep("two", {"id": two.id})
    await field.drafts.flush()
    field = await phone.reopened()
    assert field.drafts.names() == ["two"]
    await field.sync_now()
    field.drafts.keep("one", {"id": one.id})
    await field.drafts.flush()
    assert (await phone.reopened()).drafts.names() == ["two"]


async def test_drafts_are_sealed(phone: Phone) -> None:
    field = await phone.enrolled()
    field.drafts.keep("lead", {"customer_name": "王阿婆"})
    await field.lock()
    assert all("王阿婆".encode() not in content for content in stored(phone.folder))


async def test_unreadable_drafts_are_set_aside(phone: Phone) -> None:
    field = await phone.enrolled()
    field.drafts.keep("lead", {"note": "x"})
    await field.lock()
    settings, name = phone.device.settings, f"drafts/{POSTMAN.id}"
    sealed = await settings.get(name)
    assert sealed is not None
    foreign = bytes([sealed[0] ^ 1]) + sealed[1:]
    await settings.put(name, foreign)
    field = await phone.reopened()
    assert field.drafts.names() == []
    assert await settings.get(f"{name}/damaged") == foreign


async def test_drafts_that_the_device_does_not_give_back_are_none(phone: Phone) -> None:
    await phone.enrolled()
    (phone.folder / "settings" / f"drafts%2F{POSTMAN.id}").mkdir()
    assert (await phone.reopened()).drafts.names() == []


async def test_full_device_does_not_disturb_typing(
    phone: Phone, monkeypatch: pytest.MonkeyPatch
) -> None:
    field = await phone.enrolled()

    async def full(self: FileSettings, name: str, value: bytes) -> None:
        raise StorageFullError(self, name, value)

    monkeypatch.setattr(FileSettings, "put", full)
    field.drafts.keep("lead", {"note": "x"})
    await asyncio.sleep(0.3)
    assert field.drafts.names() == ["lead"]
