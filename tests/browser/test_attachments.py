"""A photo and a voice note, by hand, without network, until another person's phone shows them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Playwright

from shared.domain.attachment import Attachment, AttachmentKind, MediaType
from shared.domain.people import Staff
from tests.browser.driver import Phone, phone
from tests.browser.enrolment import SLOW_MS_MAX, enrol, unlock
from tests.browser.live_server import LiveServer, live_server
from tests.browser.test_chain import sync
from tests.server.field_county import MANAGER, POSTMAN

pytestmark = [pytest.mark.browser, pytest.mark.night]

CUSTOMER = "陈大文"
PHOTO_SIDE = 2400
FAKE_MICROPHONE = ("--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream")


@pytest.fixture
def live(web_app: Path, tmp_path: Path) -> Iterator[LiveServer]:
    """Run the real server, with a folder for files."""
    with live_server(tmp_path, web_app, blobs_dir=tmp_path / "blobs") as server:
        yield server


@pytest.fixture
def talking_phone(playwright: Playwright, chromium: Path, tmp_path: Path) -> Iterator[Phone]:
    """Give a phone with a microphone that hums."""
    with phone(playwright, chromium, tmp_path / "talking", arguments=FAKE_MICROPHONE) as made:
        yield made


def card_photo(phone: Phone, path: Path) -> Path:
    """Draw the photo of a card, larger than any phone need keep, and say where it was taken."""
    drawn = phone.page.evaluate(
        """async (side) => {
          const canvas = new OffscreenCanvas(side, side / 2);
          const drawing = canvas.getContext("2d");
          const colours = drawing.createLinearGradient(0, 0, side, side / 2);
          colours.addColorStop(0, "#0b6e4f");
          colours.addColorStop(1, "#f4b400");
          drawing.fillStyle = colours;
          drawing.fillRect(0, 0, side, side / 2);
          const blob = await canvas.convertToBlob({ type: "image/jpeg", quality: 0.95 });
          return [...new Uint8Array(await blob.arrayBuffer())];
        }""",
        PHOTO_SIDE,
    )
    jpeg = bytes(drawn)
    place = b"Exif\0\0GPS 20.9, 110.1"
    told = b"\xff\xe1" + (2 + len(place)).to_bytes(2) + place
    path.write_bytes(jpeg[:2] + told + jpeg[2:])
    return path


def record_lead(postman: Phone) -> None:
    postman.tap("button", "记线索")
    postman.tap("button", "存款")
    postman.tap("button", "很高")
    postman.fill("称呼或姓名", CUSTOMER)
    postman.tap("button", "客户已同意，保存")
    postman.see("今天的村")


def open_lead(postman: Phone) -> None:
    postman.tap("tab", "记录")
    postman.tap("button", re.compile(CUSTOMER))


def size_of(jpeg: bytes) -> tuple[int, int]:
    """Return width and height, as the frame header says them."""
    at = 2
    while jpeg[at + 1] not in {0xC0, 0xC1, 0xC2}:
        at += 2 + int.from_bytes(jpeg[at + 2 : at + 4])
    return int.from_bytes(jpeg[at + 7 : at + 9]), int.from_bytes(jpeg[at + 5 : at + 7])


def test_a_photo_and_a_voice_note_reach_the_manager(
    live: LiveServer, talking_phone: Phone, new_phone: Callable[..., Phone], tmp_path: Path
) -> None:
    postman = enrol(talking_phone, live.link_of(POSTMAN), "今天的村")
    postman.wait_until_installed()
    photo = card_photo(postman, tmp_path / "card.jpg")
    postman.offline()
    record_lead(postman)
    open_lead(postman)

    with postman.page.expect_file_chooser() as chooser:
        postman.tap("button", "拍照或选照片")
    chooser.value.set_files(photo)
    postman.see("照片已存在本机")
    postman.tap("button", "录一段语音")
    postman.see("正在录音")
    postman.page.wait_for_timeout(1500)
    postman.tap("button", "录完，保存")
    postman.see("语音已存在本机")

    postman.reload()
    unlock(postman, "照片和语音")
    postman.see(re.compile("照片 · .* · 我"))
    postman.see(re.compile("语音 · .* · 我"))
    postman.see("在本机 · 未上传")
    postman.tap("button", "看照片")
    postman.see("收起照片")
    assert live.rows(Attachment) == []

    postman.online()
    sync(postman)
    postman.not_see("在本机 · 未上传")
    attached = {row.kind: row for row in live.rows(Attachment)}
    assert attached[AttachmentKind.PHOTO].media_type is MediaType.JPEG
    assert attached[AttachmentKind.VOICE].media_type is MediaType.WEBM_AUDIO
    assert attached[AttachmentKind.VOICE].size > 500
    kept = file_of(tmp_path, attached[AttachmentKind.PHOTO])
    assert size_of(kept) == (1600, 800)
    assert b"GPS" not in kept

    look_and_listen(enrol(new_phone(), live.link_of(MANAGER), "等我答复（1）"), POSTMAN)
    assert postman.foreign_requests(live.url) == []


def look_and_listen(manager: Phone, author: Staff) -> None:
    """See the photo of another person's lead, and hear what was said."""
    manager.tap("button", re.compile(f"^{CUSTOMER}"))
    manager.see(re.compile(f"照片 · .* · {author.name}"))
    manager.tap("button", "看照片")
    manager.see("收起照片", within_ms=SLOW_MS_MAX)
    manager.page.evaluate(
        """() => {
          const play = HTMLMediaElement.prototype.play;
          HTMLMediaElement.prototype.play = function () {
            window.heard = this;
            return play.call(this);
          };
        }"""
    )
    manager.tap("button", "听语音")
    manager.page.wait_for_function("() => window.heard && window.heard.duration > 0")
    assert manager.page.evaluate("() => window.heard.error") is None


def file_of(folder: Path, attachment: Attachment) -> bytes:
    (path,) = (folder / "blobs").rglob(attachment.sha256)
    return path.read_bytes()
