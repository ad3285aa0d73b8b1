"""Records go by a colleague's phone, as a file that people see, and the receipts come back."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from shared.domain.referral import Referral
from tests.browser.driver import Phone
from tests.browser.enrolment import SLOW_MS_MAX, enrol
from tests.browser.live_server import LiveServer
from tests.browser.test_attachments import CUSTOMER, record_lead
from tests.server.field_county import COLLEAGUE, POSTMAN

pytestmark = [pytest.mark.browser, pytest.mark.night]


def open_hand_over(phone: Phone) -> None:
    phone.tap("button", "看同步情况")
    # Louder where the browser does not promise to keep what waits.
    phone.tap("button", re.compile("去导出|请同事带上去"))
    phone.see("帮同事带")


def downloaded(phone: Phone, button: str, folder: Path) -> Path:
    """Tap what saves a file; return it under the name that the person sees."""
    with phone.page.expect_download(timeout=SLOW_MS_MAX) as saving:
        phone.tap("button", button)
    path = folder / saving.value.suggested_filename
    saving.value.save_as(path)
    return path


def choose(phone: Phone, button: str, path: Path) -> None:
    """Tap what opens the system's window for files, and choose one there."""
    with phone.page.expect_file_chooser(timeout=SLOW_MS_MAX) as choosing:
        phone.tap("button", button)
    choosing.value.set_files(path)


def test_a_colleague_carries_records_and_brings_the_receipts_back(
    live: LiveServer, new_phone: Callable[..., Phone], tmp_path: Path
) -> None:
    postman = enrol(new_phone(), live.link_of(POSTMAN), "今天的村")
    postman.offline()
    record_lead(postman)
    open_hand_over(postman)
    bundle = downloaded(postman, "导出待上传的记录", tmp_path)
    assert re.fullmatch(r"联动记录包-[0-9A-F]{6}\.liandong", bundle.name)
    assert CUSTOMER.encode() not in bundle.read_bytes()
    postman.see(re.compile("已导出 1 条"))
    assert live.rows(Referral) == []

    colleague = enrol(new_phone(), live.link_of(COLLEAGUE), "今天的村")
    open_hand_over(colleague)
    choose(colleague, "导入同事的记录包", bundle)
    colleague.see("已上传 · 回执待交给同事", within_ms=SLOW_MS_MAX)
    assert [row.referrer_id for row in live.rows(Referral)] == [POSTMAN.id]
    answer = downloaded(colleague, "导出回执", tmp_path)

    choose(postman, "导入回执", answer)
    postman.see("回执已核对，1 条记录已上传。", within_ms=SLOW_MS_MAX)
    postman.see("没有待上传的记录")
    postman.online()
    assert postman.foreign_requests(live.url) == []
    assert len(live.rows(Referral)) == 1
