"""What those who meet customers record in a day: sales, leads, care cards."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, replace

from server.demo.seasons import PlannedSale
from server.demo.stage import Phone, Stage, at_outlet
from server.rows import DatabaseRows
from shared.domain.care_card import CareReason, OpenCareCard
from shared.domain.customer import Customer, CustomerKind
from shared.domain.harvest import (
    LIVE_STATUSES,
    AdvanceHarvestDate,
    CancelHarvestDate,
    Confidence,
    HarvestAction,
    HarvestDate,
    HarvestStatus,
    ReportHarvestDate,
)
from shared.domain.people import Role
from shared.domain.referral import (
    AmountBand,
    Interest,
    LeadSource,
    Need,
    ReasonedReferral,
    ReferralMode,
    SubmitReferral,
)
from shared.domain.village import Round, Village

__all__ = ["FieldWork"]

_REFERRERS: tuple[tuple[Role, int], ...] = (
    (Role.POSTMAN, 50), (Role.TELLER, 18), (Role.LOBBY_MANAGER, 14), (Role.OUTREACH, 8),
    (Role.BRANCH_HEAD, 5), (Role.LOBBY_SUPERVISOR, 3), (Role.BACK_OFFICE, 2),
)  # fmt: skip
_NEEDS = (
    *((Need.DEPOSIT,) * 8), *((Need.WEALTH,) * 4), *((Need.INSURANCE,) * 3), *((Need.BOND,) * 2),
    Need.FUND, Need.LOAN, Need.CARD, Need.CARD, Need.PENSION,
)  # fmt: skip
_NOTES = (
    "卖完瓜手里有现钱，想问定期利率。", "儿子在珠三角打工，钱想存稳一点。",
    "说话爽快，家里有新屋要盖。",
    "去年买过国债，问今年什么时候发。", "要先跟老伴商量。", "收购商说当天结账。", "", "", "",
)  # fmt: skip
_SALUTATIONS = ("女士", "先生", "阿姨", "老板")
_DUPLICATES = 0.05
_WITHDRAWN = 0.02
_NO_SIGNAL = 0.12


@dataclass(frozen=True, slots=True)
class _Told:
    """A lead of these days, which somebody else may hear of too."""

    args: SubmitReferral
    outlet_id: str
    number: str
    day: dt.date


class FieldWork:
    """Days of postmen, tellers, lobby, outreach and branch heads."""

    def __init__(self, stage: Stage, sales: Sequence[PlannedSale]) -> None:
        self._stage = stage
        self._sales = sales
        self._chance = stage.random
        self._ids: dict[int, str] = {}
        self._told: list[_Told] = []
        # What waits on a phone without signal is not seen a second time.
        self._seen: set[tuple[int, HarvestAction]] = set()

    def report_season(self, from_on: dt.date, to_on: dt.date) -> None:
        """Record whole sales of earlier years, each on its days; send them at the end."""
        rows = self._stage.rows()
        ended_on = from_on
        for place, sale in enumerate(self._sales):
            if not from_on <= sale.from_on <= to_on:
                continue
            ended_on = max(ended_on, sale.from_on)
            phone = self._postman(rows, sale.village)
            self._report(phone, place, sale, at_outlet(sale.reported_on, 10, 20))
            harvest_id = self._ids[place]
            if sale.is_cancelled:
                args = CancelHarvestDate(id=harvest_id, reason="台风登陆，果园受损，今年不卖了")
                at = at_outlet(sale.from_on - dt.timedelta(days=1), 17)
                phone.record("cancel_harvest_date", args, at)
                continue
            for action, day in (
                (HarvestAction.SELL, sale.to_on),
                (HarvestAction.PAY, sale.to_on + dt.timedelta(days=sale.crop.cash_days_min)),
            ):
                args_seen = AdvanceHarvestDate(id=harvest_id, action=action)
                phone.record("advance_harvest_date", args_seen, at_outlet(day, 15))
            ended_on = max(ended_on, sale.to_on + dt.timedelta(days=sale.crop.cash_days_min))
        self.send(at_outlet(ended_on, 18, 30))

    def day(self, day: dt.date, leads: int, cards: int) -> None:
        """Record what happens on a day; it is sent when the people are back in coverage."""
        rows = self._stage.rows()
        self._tend_sales(rows, day)
        for _ in range(leads):
            self._lead(rows, day, self._time_of(day))
        for _ in range(cards):
            self._card(rows, day)

    def morning(self, at: dt.datetime, leads: int) -> None:
        """Record what came in just now, one of them a farmer whom two people met."""
        rows = self._stage.rows()
        day = self._stage.today
        self._tend_sales(rows, day, at)
        for place in range(leads):
            minutes = dt.timedelta(minutes=9 * (leads - place))
            self._lead(rows, day, at - minutes, repeats=place == leads - 1)

    def send(self, at: dt.datetime, *, all_of_them: bool = True) -> None:
        """Let the phones sync; some are still out of coverage in the evening."""
        in_coverage = [
            phone
            for phone in self._stage.phones.values()
            if all_of_them or self._chance.random() > _NO_SIGNAL
        ]
        self._stage.sync(at, in_coverage)

    def _tend_sales(self, rows: DatabaseRows, day: dt.date, at: dt.datetime | None = None) -> None:
        first = day == self._stage.today - dt.timedelta(days=self._stage.scale.days)
        rows.prefetch((HarvestDate, harvest_date_id) for harvest_date_id in self._ids.values())
        for place, sale in enumerate(self._sales):
            late = first and sale.reported_on < day <= sale.to_on
            if place not in self._ids and (sale.reported_on == day or late):
                phone = self._postman(rows, sale.village)
                self._report(phone, place, sale, at or at_outlet(day, 10, place % 50))
            elif place in self._ids:
                self._see(rows, place, sale, day, at)

    def _report(self, phone: Phone, place: int, sale: PlannedSale, at: dt.datetime) -> None:
        self._ids[place] = phone.new_id()
        confidence = self._chance.choice((Confidence.FARMER, Confidence.FARMER, Confidence.BUYER,
                                          Confidence.HEARSAY))  # fmt: skip
        buyer = "徐闻果蔬合作社" if confidence is Confidence.BUYER else None
        args = ReportHarvestDate(
            id=self._ids[place],
            village_id=sale.village.id,
            crop_id=sale.crop.id,
            sale_from_on=sale.from_on,
            sale_to_on=sale.to_on,
            confidence=confidence,
            households=sale.households,
            amount_fen=sale.amount_fen,
            buyer=buyer,
        )
        phone.record("report_harvest_date", args, at)

    def _see(
        self, rows: DatabaseRows, place: int, sale: PlannedSale, day: dt.date,
        at: dt.datetime | None,
    ) -> None:  # fmt: skip
        """Note what the postman sees on the round: trucks, the last load, the money."""
        known = rows.get(HarvestDate, self._ids[place])
        if known is None:
            return
        action = None
        if day == known.sale_from_on and known.status in LIVE_STATUSES:
            action = HarvestAction.START_DAY
        elif day >= known.sale_to_on and known.status in LIVE_STATUSES:
            action = HarvestAction.SELL
        elif day >= known.payout_on and known.status is HarvestStatus.SOLD:
            action = HarvestAction.PAY
        if action is not None and (place, action) not in self._seen:
            self._seen.add((place, action))
            args = AdvanceHarvestDate(id=known.id, action=action)
            phone = self._postman(rows, sale.village)
            phone.record("advance_harvest_date", args, at or at_outlet(day, 11, place % 50))

    def _lead(
        self, rows: DatabaseRows, day: dt.date, at: dt.datetime, *, repeats: bool = False
    ) -> None:
        roles, weights = zip(*_REFERRERS, strict=True)
        phone = self._chance.choice(self._stage.holding(self._chance.choices(roles, weights)[0]))
        earlier = self._heard_too(phone, day)
        if earlier and (repeats or self._chance.random() < _DUPLICATES):
            args = replace(
                self._chance.choice(earlier).args, id=phone.new_id(), harvest_date_id=None,
                customer_id=None, village_id=None,
            )  # fmt: skip
        else:
            args = self._fresh_lead(rows, phone)
            self._told.append(_Told(args, phone.staff.outlet_id, phone.staff.number, day))
        phone.record("submit_referral", args, at)
        if self._chance.random() < _WITHDRAWN:
            withdrawn = ReasonedReferral(id=args.id, reason="记错人了")
            phone.record("withdraw_referral", withdrawn, at + dt.timedelta(minutes=3))

    def _heard_too(self, phone: Phone, day: dt.date) -> list[_Told]:
        """Return the leads of the last fortnight that somebody else of the outlet told."""
        return [
            told
            for told in self._told[-60:]
            if told.outlet_id == phone.staff.outlet_id
            and told.number != phone.staff.number
            and told.args.phone is not None
            and (day - told.day).days in range(1, 14)
        ]

    def _fresh_lead(self, rows: DatabaseRows, phone: Phone) -> SubmitReferral:
        chance, people = self._chance, self._stage.people
        base = SubmitReferral(
            id=phone.new_id(),
            kind=CustomerKind.FARMER,
            source=LeadSource.WALK_IN,
            need=chance.choice(_NEEDS),
            interest=chance.choice(tuple(Interest)),
            mode=ReferralMode.HANDED_OVER,
            consent=True,
            customer_name=people.name()[0] + chance.choice(_SALUTATIONS),
            phone=people.phone() if chance.random() < 0.85 else None,
            amount_band=chance.choice((None, *AmountBand)),
            note=chance.choice(_NOTES),
        )
        roles = phone.staff.roles
        if Role.POSTMAN in roles or Role.OUTREACH in roles:
            village, sale_id = self._where(rows, phone)
            kind = CustomerKind.BUYER if chance.random() < 0.08 else CustomerKind.FARMER
            return replace(
                base, kind=kind, source=LeadSource.VILLAGE, mode=ReferralMode.INFORMATION,
                customer_name=people.name(village.name), village_id=village.id,
                harvest_date_id=sale_id, cues=("雷州话",) if chance.random() < 0.3 else (),
            )  # fmt: skip
        if Role.BRANCH_HEAD in roles or Role.LOBBY_SUPERVISOR in roles:
            known = rows.where(Customer, outlet_id=phone.staff.outlet_id)
            managed = [one for one in known if one.managing_id is not None]
            if managed:
                customer = chance.choice(managed)
                return replace(
                    base, source=LeadSource.EXISTING, customer_id=customer.id, phone=None,
                    customer_name=customer.name, kind=customer.kind,
                )  # fmt: skip
        return base

    def _where(self, rows: DatabaseRows, phone: Phone) -> tuple[Village, str | None]:
        """Return where a lead was met: on the own round, best where something is sold."""
        villages = rows.where(Village, outlet_id=phone.staff.outlet_id)
        if Role.POSTMAN not in phone.staff.roles:
            return self._chance.choice(villages), None
        own = {one.id for one in rows.where(Round, postman_id=phone.staff.id)}
        villages = [village for village in villages if village.round_id in own]
        live = [
            (village, sale.id)
            for village in villages
            for sale in rows.where(HarvestDate, village_id=village.id)
            if sale.status in LIVE_STATUSES
        ]
        if live and self._chance.random() < 0.75:
            return self._chance.choice(live)
        return self._chance.choice(villages), None

    def _card(self, rows: DatabaseRows, day: dt.date) -> None:
        role = self._chance.choice((Role.POSTMAN, Role.POSTMAN, Role.LOBBY_MANAGER, Role.OUTREACH))
        phone = self._chance.choice(self._stage.holding(role))
        village, sale_id = self._where(rows, phone)
        args = OpenCareCard(
            id=phone.new_id(),
            reason=self._chance.choice(
                [one for one in CareReason if one is not CareReason.SALE_CANCELLED]
            ),
            next_contact_on=day + dt.timedelta(days=self._chance.randint(3, 14)),
            customer_name=self._stage.people.name(village.name),
            phone=self._stage.people.phone(),
            consent=True,
            need=self._chance.choice(_NEEDS),
            village_id=village.id,
            harvest_date_id=sale_id,
            note=self._chance.choice(_NOTES),
        )
        phone.record("open_care_card", args, self._time_of(day))

    def _postman(self, rows: DatabaseRows, village: Village) -> Phone:
        round_ = rows.get(Round, village.round_id or "")
        return next(
            phone
            for phone in self._stage.holding(Role.POSTMAN)
            if round_ is not None and phone.staff.id == round_.postman_id
        )

    def _time_of(self, day: dt.date) -> dt.datetime:
        return at_outlet(day, self._chance.randint(8, 16), self._chance.randint(0, 59))
