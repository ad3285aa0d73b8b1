"""Following up care cards: invited, invited again, and one day they come."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict

from server.demo.stage import Phone, Stage, at_outlet
from shared.domain.care_card import (
    CareAction,
    CareCard,
    CareStatus,
    ConvertCareCard,
    EndCareCard,
    FollowUpCareCard,
    FollowUpHow,
)
from shared.domain.referral import Interest, LeadSource, Need, ReferralMode

__all__ = ["CareWork"]

_SAID = ("约好墟日过来", "还在等货款", "孩子过年回来再定", "想先看看利率", "")


class CareWork:
    """Days of those who own care cards."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._chance = stage.random
        # What waits on a phone without signal is not done a second time.
        self._contacted: dict[str, dt.date] = {}

    def day(self, day: dt.date) -> None:
        """Contact those who are due; it is sent with the rest of the day."""
        rows = self._stage.rows()
        due: defaultdict[str, list[CareCard]] = defaultdict(list)
        for status in (CareStatus.OPEN, CareStatus.INVITED):
            for card in rows.where(CareCard, status=status):
                if card.next_contact_on <= day and not self._waits(card):
                    due[card.owner_id].append(card)
        for phone in self._stage.phones.values():
            for card in due[phone.staff.id]:
                self._contact(phone, card, day)

    def _waits(self, card: CareCard) -> bool:
        return self._contacted.get(card.id) == card.next_contact_on

    def _contact(self, phone: Phone, card: CareCard, day: dt.date) -> None:
        luck, at = self._chance.random(), at_outlet(day, 14, self._chance.randint(0, 59))
        if luck < 0.45:
            return  # Overdue: somebody should see that.
        self._contacted[card.id] = card.next_contact_on
        if luck < 0.83:
            args = FollowUpCareCard(
                id=phone.new_id(),
                care_card_id=card.id,
                how=self._chance.choice(tuple(FollowUpHow)),
                next_contact_on=day + dt.timedelta(days=self._chance.randint(5, 16)),
                note=self._chance.choice(_SAID),
            )
            phone.record("follow_up_care_card", args, at)
        elif luck < 0.95:
            self._convert(phone, card, at)
        else:
            action = CareAction.CLOSE if luck < 0.99 else CareAction.OPT_OUT
            args_end = EndCareCard(id=card.id, action=action, reason="客户说不用再联系了")
            phone.record("end_care_card", args_end, at)

    def _convert(self, phone: Phone, card: CareCard, at: dt.datetime) -> None:
        in_village = card.village_id is not None
        args = ConvertCareCard(
            id=card.id,
            referral_id=phone.new_id(),
            need=card.need or Need.DEPOSIT,
            interest=Interest.HIGH,
            mode=ReferralMode.INFORMATION if in_village else ReferralMode.HANDED_OVER,
            source=LeadSource.VILLAGE if in_village else LeadSource.WALK_IN,
            note="关怀卡跟进后愿意来了。",
        )
        phone.record("convert_care_card", args, at)
