"""The main jobs at the outlet, on a phone with the network cut, in as few taps as PRODUCT asks.

Those of the round, the wealth manager and the branch head are done in test_chain.py.
"""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from shared.domain.care_card import CareCard
from shared.domain.people import Staff
from shared.domain.referral import LeadSource, Referral
from tests.browser.accessibility import controls_of, faults_in
from tests.browser.driver import Phone
from tests.browser.enrolment import SLOW_MS_MAX, enrol, unlock
from tests.browser.live_server import LiveServer
from tests.server.field_county import LOBBY, TELLER

pytestmark = [pytest.mark.browser, pytest.mark.night]

CUSTOMER = "欧阳璟"
LATER = "何三叔"


@pytest.mark.parametrize("staff", [TELLER, LOBBY], ids=lambda staff: staff.roles[0])
def test_outlet_works_without_network(
    staff: Staff, live: LiveServer, new_phone: Callable[..., Phone]
) -> None:
    """A referral in five taps, the name aside four; a care card and its visit in four each."""
    phone = enrol(new_phone(), live.link_of(staff), "转介客户")
    phone.wait_until_installed()
    phone.offline()
    assert faults_in(controls_of(phone.page)) == []

    phone.taps = 0
    phone.tap("button", "记线索")
    phone.tap("button", "存款")
    phone.tap("button", "很高")
    phone.fill("称呼或姓名", CUSTOMER)
    phone.tap("button", "客户已同意，保存")
    phone.see("转介客户")
    assert phone.taps <= 5
    if staff is LOBBY:
        open_and_visit_a_card(phone)
    waiting = 3 if staff is LOBBY else 1
    phone.see(f"{waiting} 条在本机")

    phone.reload()
    unlock(phone, f"{waiting} 条在本机")
    phone.see(re.compile(f"{CUSTOMER}.*在本机 · 未上传", re.DOTALL))
    phone.online()
    phone.tap("button", "看同步情况")
    phone.tap("button", "现在同步")
    phone.see("都同步好了", within_ms=SLOW_MS_MAX)
    (lead,) = live.rows(Referral)
    assert (lead.referrer_id, lead.source) == (staff.id, LeadSource.WALK_IN)
    assert len(live.rows(CareCard)) == (1 if staff is LOBBY else 0)


def open_and_visit_a_card(lobby: Phone) -> None:
    """Open a care card for somebody who can't stay, and see them again the same day."""
    lobby.taps = 0
    lobby.tap("button", "开关怀卡")
    lobby.tap("button", "没空")
    lobby.fill("称呼或姓名", LATER)
    lobby.tap("button", "客户已同意，保存")
    lobby.see("转介客户")
    assert lobby.taps <= 4

    lobby.tap("tab", "记录")
    lobby.taps = 0
    lobby.tap("button", "关怀卡", exact=True)
    lobby.tap("button", re.compile(f"^{LATER}"))
    lobby.tap("button", "记下这次回访")
    assert lobby.taps <= 4
    lobby.tap("tab", re.compile("转介$"))
