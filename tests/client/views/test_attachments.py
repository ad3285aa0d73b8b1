"""Photos and voice notes on the screens of a lead, a care card and a visit."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import Awaitable, Callable
from typing import Any

import flet as ft
import pytest

from client.status import FileState, Problem
from shared.domain.attachment import ATTACHMENTS_MAX, AttachmentKind
from shared.domain.refusals import RefusedError
from shared.domain.visit import Visit
from tests.client.views import desk_rows
from tests.client.views.demo_rows import CARD, LEAD, postman_field
from tests.client.views.desk_rows import manager_field
from tests.client.views.fake_files import photo_of
from tests.client.views.harness import Screen

ADD_PHOTO, ADD_VOICE = "拍照或选照片", "录一段语音"


def story(field: Any, at: str, tell: Callable[[Screen], Awaitable[None]]) -> None:
    """Open the app of *field* at a location, and go on from there."""

    async def run() -> None:
        screen = await Screen().open(field)
        screen.app.navigation.open(at)
        await screen.settle()
        await tell(screen)
        assert not screen.conn.crashes
        await screen.close()

    asyncio.run(run())


def photo_button(screen: Screen) -> ft.OutlinedButton:
    (button,) = screen.all(ft.OutlinedButton, content=ADD_PHOTO)
    return button


async def choose(screen: Screen, content: bytes | None) -> None:
    """Tap the button, and choose a photo in the system's own window; None is a change of mind."""
    action = photo_button(screen).action
    assert isinstance(action, ft.PickFiles)
    assert action.args["with_data"]
    files = [] if content is None else [{"id": 1, "name": "a.jpg", "size": 9, "bytes": content}]
    await screen.fire(action.file_picker, "result", {"files": files})


def test_a_photo_of_the_card_is_one_tap_and_the_camera() -> None:
    field = postman_field()

    async def tell(screen: Screen) -> None:
        await choose(screen, b"a photo")
        assert field.files.recorded == ["photo of referral"]
        assert screen.shows("照片已存在本机")
        field.changed()
        await screen.settle()
        assert screen.shows("在本机 · 未上传")
        await choose(screen, None)
        assert len(field.files.items) == 1

    story(field, f"/postman/lead/{LEAD}", tell)


def test_a_voice_note_is_recorded_and_kept_or_not() -> None:
    field = postman_field()

    async def tell(screen: Screen) -> None:
        await screen.tap(ADD_VOICE)
        assert field.files.is_recording
        assert screen.shows("正在录音，最长 60 秒")
        await screen.tap("不要了")
        assert (field.files.is_recording, field.files.recorded) == (False, [])
        await screen.tap(ADD_VOICE)
        await screen.tap("录完，保存")
        assert field.files.recorded == ["voice of referral"]
        assert screen.shows("语音已存在本机")

    story(field, f"/postman/lead/{LEAD}", tell)


@pytest.mark.parametrize("slug", ["microphone-refused", "storage-full", "too-many-attachments"])
def test_what_goes_wrong_is_said_with_what_to_do(slug: str) -> None:
    field = postman_field()

    async def tell(screen: Screen) -> None:
        field.files.failure = RefusedError(slug, attachments_max=8)
        await screen.tap(ADD_VOICE)
        assert screen.shows(screen.app.words.problem(slug, {"attachments_max": 8}))
        assert not screen.shows("正在录音")
        field.files.failure = RefusedError("photo-unreadable")
        await choose(screen, b"no photo")
        assert screen.shows("这张照片打不开")

    story(field, f"/postman/lead/{LEAD}", tell)


def test_a_photo_is_shown_when_asked_for_and_put_away() -> None:
    field = postman_field()
    field.files.items.append(photo_of(LEAD))

    async def tell(screen: Screen) -> None:
        assert screen.all(ft.Image) == []
        await screen.tap("看照片")
        (image,) = screen.all(ft.Image)
        assert bytes(image.src).startswith(b"\xff\xd8\xff")  # type: ignore[arg-type]
        assert image.semantics_label == "照片"
        await screen.tap("收起照片")
        assert screen.all(ft.Image) == []

    story(field, f"/postman/lead/{LEAD}", tell)


def test_a_photo_that_cannot_be_fetched_says_so() -> None:
    field = postman_field()
    field.files.items.append(photo_of(LEAD, is_here=False, is_mine=False, state=FileState.ATTACHED))

    async def tell(screen: Screen) -> None:
        field.files.failure = RefusedError("unreachable")
        await screen.tap("看照片")
        assert screen.shows("连不上服务器")
        await screen.tap("看照片")
        assert len(screen.all(ft.Image)) == 1

    story(field, f"/postman/lead/{LEAD}", tell)


def test_a_voice_note_is_played() -> None:
    field = postman_field()
    field.files.items.append(photo_of(LEAD, kind=AttachmentKind.VOICE))

    async def tell(screen: Screen) -> None:
        await screen.tap("听语音")
        assert field.files.played == ["a" * 64]

    story(field, f"/postman/lead/{LEAD}", tell)


def test_the_author_removes_a_file_in_two_taps() -> None:
    field = postman_field()
    field.files.items.append(photo_of(LEAD))

    async def tell(screen: Screen) -> None:
        await screen.tap("删除")
        assert len(field.files.items) == 1
        await screen.tap("确认删除")
        assert field.files.items == []
        assert screen.shows("已删除")

    story(field, f"/postman/lead/{LEAD}", tell)


def test_others_look_and_do_not_remove() -> None:
    field = postman_field()
    field.files.items.append(photo_of(LEAD, is_mine=False, state=FileState.ATTACHED))

    async def tell(screen: Screen) -> None:
        assert screen.shows("已上传")
        assert not screen.shows("删除")

    story(field, f"/postman/lead/{LEAD}", tell)


def test_each_state_is_told_in_words() -> None:
    field = postman_field()
    field.files.items += [
        photo_of(LEAD, sha256="1" * 64, state=FileState.SENDING, sent_percent=40),
        photo_of(
            LEAD,
            sha256="2" * 64,
            state=FileState.REFUSED,
            problem=Problem("blob-too-large", {"megabytes_max": 4}),
        ),
    ]

    async def tell(screen: Screen) -> None:
        assert screen.shows("正在上传 40%")
        assert screen.shows("没有上传")
        assert screen.shows("附件太大，最多 4 MB。 请选小一点的照片，或录短一点。")

    story(field, f"/postman/lead/{LEAD}", tell)


def test_no_more_than_fit_can_be_added() -> None:
    field = postman_field()
    field.files.items += [
        photo_of(LEAD, sha256=f"{number:064x}") for number in range(ATTACHMENTS_MAX)
    ]

    async def tell(screen: Screen) -> None:
        assert not screen.shows(ADD_PHOTO)

    story(field, f"/postman/lead/{LEAD}", tell)


def test_a_device_without_camera_and_microphone_offers_neither() -> None:
    field = postman_field()
    field.files.takes_photos = field.files.records_sound = False

    async def tell(screen: Screen) -> None:
        assert not screen.shows(ADD_PHOTO)
        assert not screen.shows(ADD_VOICE)

    story(field, f"/postman/lead/{LEAD}", tell)


def test_a_care_card_takes_a_voice_note_only() -> None:
    async def tell(screen: Screen) -> None:
        assert screen.shows(ADD_VOICE)
        assert not screen.shows(ADD_PHOTO)

    story(postman_field(), f"/postman/care/{CARD}", tell)


def test_a_visit_takes_photos_only() -> None:
    async def tell(screen: Screen) -> None:
        assert screen.shows(ADD_PHOTO)
        assert not screen.shows(ADD_VOICE)

    story(manager_field(), f"/wm/visit/{desk_rows.VISIT}", tell)


def test_a_visit_of_another_manager_takes_nothing() -> None:
    field = manager_field()
    visit = field.world.get(Visit, desk_rows.VISIT)
    assert visit is not None
    field.rows.put(dataclasses.replace(visit, wealth_manager_id="0" * 13))

    async def tell(screen: Screen) -> None:
        assert not screen.shows(ADD_PHOTO)

    story(field, f"/wm/visit/{desk_rows.VISIT}", tell)


def test_what_waits_is_said_on_every_screen_and_behind_it() -> None:
    field = postman_field()
    field.status = dataclasses.replace(field.status, files_waiting=2)

    async def tell(screen: Screen) -> None:
        assert screen.shows("2 个附件在本机")
        assert screen.shows("2 个没上传")

    story(field, "/sync", tell)
