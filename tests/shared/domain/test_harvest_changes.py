from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest

from shared.domain.harvest import (
    AdvanceHarvestDate,
    CancelHarvestDate,
    Confidence,
    ConfirmHarvestDate,
    CorrectHarvestDate,
    HarvestAction,
    HarvestDate,
    HarvestDateVersion,
    HarvestStatus,
    ReportHarvestDate,
    ShiftHarvestDate,
    ShiftHarvestDates,
    WithdrawHarvestDate,
)
from shared.domain.people import Staff
from shared.domain.referral import ReferralStatus
from shared.domain.village import RoundCover
from shared.domain.visit import VisitStatus
from shared.wire.mutations import MUTATIONS
from tests.shared.domain.county import (
    BACKUP,
    CANE,
    COLLEAGUE,
    COUNTER,
    HEAD,
    LOBBY,
    MANAGER,
    MELON,
    NOW,
    OTHER_HEAD,
    OTHER_MANAGER,
    OTHER_POSTMAN,
    OUTREACH,
    POSTMAN,
    REFERRAL,
    ROUND,
    SALE,
    SALE_VERSION,
    TELLER,
    VILLAGE,
    VISIT,
    Memory,
    county,
    day,
    id_of,
    moment_at,
    referral,
    refused,
    run,
)

REPORT = ReportHarvestDate(
    id=id_of("report"),
    village_id=VILLAGE.id,
    crop_id=MELON.id,
    sale_from_on=day(3),
    sale_to_on=day(4),
    confidence=Confidence.HEARSAY,
)
SHIFT = ShiftHarvestDate(id=SALE.id, sale_from_on=day(5), sale_to_on=day(7), reason="下雨")


def known(**fields: object) -> Memory:
    """Return the county with one reported sale, changed by *fields*."""
    return county(replace(SALE, **fields), SALE_VERSION)  # type: ignore[arg-type]


def sale_of(rows: Memory) -> HarvestDate:
    sale = rows.get(HarvestDate, SALE.id)
    assert sale is not None
    return sale


def last_version(rows: Memory, harvest_date_id: str = SALE.id) -> HarvestDateVersion:
    versions = rows.where(HarvestDateVersion, harvest_date_id=harvest_date_id)
    return max(versions, key=lambda version: version.version)


def test_report_harvest_date_stands_in_the_calendar_with_its_first_version() -> None:
    rows = county()
    run(rows, "report_harvest_date", REPORT, POSTMAN)
    sale = rows.only(HarvestDate)
    assert (sale.status, sale.version, sale.reported_by_id) == ("heard", 1, POSTMAN.id)
    version = rows.only(HarvestDateVersion)
    assert (version.version, version.action) == (1, HarvestAction.REPORT)
    assert (version.sale_from_on, version.sale_to_on) == (day(3), day(4))


def test_report_harvest_date_takes_the_payout_from_the_crop() -> None:
    rows = county()
    run(rows, "report_harvest_date", replace(REPORT, crop_id=CANE.id), POSTMAN)
    assert rows.only(HarvestDate).payout_on == day(17)
    known_payout = replace(REPORT, id=id_of("with payout"), payout_on=day(9))
    run(rows, "report_harvest_date", known_payout, POSTMAN)
    told = rows.get(HarvestDate, known_payout.id)
    assert told is not None
    assert told.payout_on == day(9)


@pytest.mark.parametrize(
    ("person", "slug"),
    [
        (COLLEAGUE, "out-of-scope"),
        (OTHER_POSTMAN, "out-of-scope"),
        (OTHER_MANAGER, "out-of-scope"),
        (OTHER_HEAD, "out-of-scope"),
        (OUTREACH, "out-of-scope"),
        (COUNTER, "forbidden-action"),
        (TELLER, "forbidden-action"),
        (LOBBY, "forbidden-action"),
    ],
    ids=lambda value: getattr(value, "name", value),
)
def test_report_harvest_date_is_refused_to_who_does_not_keep_the_village(
    person: Staff, slug: str
) -> None:
    with refused(slug):
        run(county(), "report_harvest_date", REPORT, person)


@pytest.mark.parametrize("person", [POSTMAN, MANAGER, BACKUP, HEAD], ids=lambda who: who.name)
def test_report_harvest_date_is_for_the_round_the_coverage_and_the_outlet(person: Staff) -> None:
    run(county(), "report_harvest_date", REPORT, person)


def test_report_harvest_date_is_for_outreach_where_they_are_sent() -> None:
    run(county(VISIT), "report_harvest_date", REPORT, OUTREACH)
    with refused("out-of-scope"):
        cancelled = replace(VISIT, status=VisitStatus.CANCELLED)
        run(county(cancelled), "report_harvest_date", REPORT, OUTREACH)


def test_a_cover_counts_on_the_days_of_the_capture_even_when_the_op_comes_later() -> None:
    cover = RoundCover(
        id=id_of("cover"),
        round_id=ROUND.id,
        staff_id=COLLEAGUE.id,
        from_on=day(-2),
        to_on=day(-1),
    )
    since = NOW - dt.timedelta(days=1)
    run(county(cover), "report_harvest_date", REPORT, COLLEAGUE, moment_at(NOW, since=since))
    with refused("out-of-scope"):
        run(county(cover), "report_harvest_date", REPORT, COLLEAGUE)
    called_off = replace(cover, cancelled=True)
    with refused("out-of-scope"):
        run(
            county(called_off),
            "report_harvest_date",
            REPORT,
            COLLEAGUE,
            moment_at(NOW, since=since),
        )


@pytest.mark.parametrize(
    ("change", "slug"),
    [
        ({"id": SALE.id}, "invalid-argument"),
        ({"sale_to_on": day(2)}, "dates-reversed"),
        ({"sale_from_on": day(-61)}, "sale-long-past"),
        ({"sale_to_on": day(401)}, "day-too-far"),
        ({"payout_on": day(2)}, "payout-before-sale"),
        ({"payout_on": day(4 + 181)}, "day-too-far"),
        ({"village_id": id_of("nowhere")}, "missing-object"),
        ({"crop_id": id_of("nothing")}, "missing-object"),
    ],
)
def test_report_harvest_date_refuses_what_can_only_be_a_slip(
    change: dict[str, object], slug: str
) -> None:
    with refused(slug):
        args = replace(REPORT, **change)  # type: ignore[arg-type]
        run(known(crop_id=CANE.id), "report_harvest_date", args, POSTMAN)


@pytest.mark.parametrize(
    "change",
    [
        {"sale_from_on": day(-60)},
        {"sale_from_on": day(400), "sale_to_on": day(400)},
        {"payout_on": day(3)},
        {"payout_on": day(4 + 180)},
    ],
)
def test_report_harvest_date_takes_the_last_sane_day(change: dict[str, object]) -> None:
    run(county(), "report_harvest_date", replace(REPORT, **change), POSTMAN)  # type: ignore[arg-type]


def test_a_second_persons_report_of_a_known_sale_confirms_it_and_is_joined() -> None:
    rows = known()
    run(rows, "report_harvest_date", replace(REPORT, sale_from_on=day(4)), MANAGER)
    joined = rows.get(HarvestDate, REPORT.id)
    assert joined is not None
    assert (joined.status, joined.joined_id) == (HarvestStatus.JOINED, SALE.id)
    sale = sale_of(rows)
    assert (sale.status, sale.confirmed_by_id) == (HarvestStatus.CONFIRMED, MANAGER.id)
    assert (sale.version, sale.confidence) == (2, Confidence.FARMER)
    assert last_version(rows).action is HarvestAction.CONFIRM
    assert last_version(rows, REPORT.id).action is HarvestAction.JOIN


@pytest.mark.parametrize(
    "fields",
    [
        {"crop_id": CANE.id},
        {"status": HarvestStatus.CANCELLED},
        {"status": HarvestStatus.PAID},
        {"sale_from_on": day(0), "sale_to_on": day(0), "payout_on": day(0)},
    ],
)
def test_another_sale_is_not_joined(fields: dict[str, object]) -> None:
    rows = known(**fields)
    run(rows, "report_harvest_date", REPORT, MANAGER)
    reported = rows.get(HarvestDate, REPORT.id)
    assert reported is not None
    assert reported.status is HarvestStatus.HEARD


def test_the_same_person_does_not_report_a_sale_twice() -> None:
    with refused("sale-known", sale_from_on=day(3).isoformat()):
        run(known(), "report_harvest_date", REPORT, POSTMAN)


def test_confirm_harvest_date_by_somebody_else() -> None:
    rows = known()
    args = ConfirmHarvestDate(id=SALE.id, confidence=Confidence.BUYER)
    run(rows, "confirm_harvest_date", args, MANAGER)
    sale = sale_of(rows)
    assert (sale.status, sale.confidence) == (HarvestStatus.CONFIRMED, Confidence.BUYER)
    assert (sale.confirmed_by_id, sale.reported_by_id) == (MANAGER.id, POSTMAN.id)
    again = ConfirmHarvestDate(id=SALE.id, confidence=Confidence.FARMER)
    run(rows, "confirm_harvest_date", again, HEAD)
    assert sale_of(rows).confidence is Confidence.BUYER


def test_confirm_harvest_date_is_about_the_days_that_its_author_saw() -> None:
    assert MUTATIONS["confirm_harvest_date"].current_only


@pytest.mark.parametrize(
    ("person", "confidence", "slug"),
    [
        (MANAGER, Confidence.HEARSAY, "hearsay-confirms-nothing"),
        (POSTMAN, Confidence.FARMER, "own-word-confirms-nothing"),
        (OTHER_MANAGER, Confidence.SEEN, "out-of-scope"),
    ],
    ids=lambda value: getattr(value, "name", value),
)
def test_confirm_harvest_date_refuses(person: Staff, confidence: Confidence, slug: str) -> None:
    with refused(slug):
        args = ConfirmHarvestDate(id=SALE.id, confidence=confidence)
        run(known(), "confirm_harvest_date", args, person)


@pytest.mark.parametrize("confidence", [Confidence.BUYER, Confidence.SEEN])
def test_the_author_confirms_with_a_better_source(confidence: Confidence) -> None:
    rows = known()
    args = ConfirmHarvestDate(id=SALE.id, confidence=confidence)
    run(rows, "confirm_harvest_date", args, POSTMAN)
    assert sale_of(rows).status is HarvestStatus.CONFIRMED


def test_shift_harvest_date_is_a_new_claim_that_nobody_has_confirmed() -> None:
    rows = known(status=HarvestStatus.CONFIRMED, confirmed_by_id=HEAD.id, confidence="buyer")
    run(rows, "shift_harvest_date", SHIFT, MANAGER)
    sale = sale_of(rows)
    assert (sale.sale_from_on, sale.sale_to_on, sale.payout_on) == (day(5), day(7), day(5))
    assert (sale.status, sale.confirmed_by_id) == (HarvestStatus.HEARD, None)
    assert (sale.reported_by_id, sale.version) == (MANAGER.id, 2)
    assert (last_version(rows).reason, last_version(rows).action) == ("下雨", HarvestAction.SHIFT)


def test_shift_harvest_date_keeps_the_history() -> None:
    rows = known()
    run(rows, "shift_harvest_date", SHIFT, POSTMAN)
    run(rows, "shift_harvest_date", replace(SHIFT, sale_to_on=day(6), payout_on=day(9)), HEAD)
    versions = rows.where(HarvestDateVersion, harvest_date_id=SALE.id)
    history = {each.version: (each.sale_from_on, each.payout_on) for each in versions}
    assert history == {1: (day(3), day(3)), 2: (day(5), day(5)), 3: (day(5), day(9))}


@pytest.mark.parametrize(
    ("change", "slug"),
    [
        ({"reason": ""}, "reason-missing"),
        ({"sale_from_on": day(3), "sale_to_on": day(4)}, "nothing-shifted"),
        ({"sale_to_on": day(4)}, "dates-reversed"),
        ({"payout_on": day(4)}, "payout-before-sale"),
        ({"id": id_of("no sale")}, "missing-object"),
    ],
)
def test_shift_harvest_date_refuses(change: dict[str, object], slug: str) -> None:
    with refused(slug):
        run(known(), "shift_harvest_date", replace(SHIFT, **change), POSTMAN)  # type: ignore[arg-type]


def test_shift_harvest_date_refuses_what_is_sold() -> None:
    with refused("illegal-transition", status="sold", action="shift"):
        run(known(status=HarvestStatus.SOLD), "shift_harvest_date", SHIFT, POSTMAN)


def test_shift_harvest_dates_moves_all_by_the_same_days_or_none() -> None:
    second = replace(SALE, id=id_of("second sale"), crop_id=CANE.id, payout_on=day(20))
    rows = known()
    rows.keep([second])
    cold = ShiftHarvestDates(ids=(SALE.id, second.id), days=-3, reason="寒潮")
    run(rows, "shift_harvest_dates", cold, HEAD)
    moved = [rows.get(HarvestDate, sale_id) for sale_id in cold.ids]
    assert [sale and (sale.sale_from_on, sale.sale_to_on, sale.payout_on) for sale in moved] == [
        (day(0), day(1), day(0)),
        (day(0), day(1), day(17)),
    ]
    far_too_early = replace(cold, days=-60)
    with refused("sale-long-past"):
        rows.change(second, sale_from_on=day(-10))
        run(rows, "shift_harvest_dates", far_too_early, HEAD)
    assert sale_of(rows).sale_from_on == day(0)


@pytest.mark.parametrize(
    ("ids", "days", "slug"),
    [
        ((), 1, "invalid-argument"),
        ((SALE.id, SALE.id), 1, "invalid-argument"),
        ((SALE.id,), 0, "nothing-shifted"),
        ((id_of("no sale"),), 1, "missing-object"),
    ],
)
def test_shift_harvest_dates_refuses(ids: tuple[str, ...], days: int, slug: str) -> None:
    with refused(slug):
        args = ShiftHarvestDates(ids=ids, days=days, reason="寒潮")
        run(known(), "shift_harvest_dates", args, HEAD)


def test_advance_harvest_date_records_the_day_the_sale_and_the_cash() -> None:
    rows = known()
    for action in (HarvestAction.START_DAY, HarvestAction.SELL, HarvestAction.PAY):
        run(
            rows,
            "advance_harvest_date",
            AdvanceHarvestDate(id=SALE.id, action=action),
            POSTMAN,
        )
    sale = sale_of(rows)
    assert (sale.status, sale.confidence) == (HarvestStatus.PAID, Confidence.SEEN)
    assert (sale.started_at, sale.sold_at, sale.paid_at) == (NOW, NOW, NOW)
    assert (sale.version, last_version(rows).action) == (4, HarvestAction.PAY)


def test_advance_harvest_date_takes_nothing_else() -> None:
    with refused("invalid-argument", field="action"):
        args = AdvanceHarvestDate(id=SALE.id, action=HarvestAction.CANCEL)
        run(known(), "advance_harvest_date", args, POSTMAN)


def test_advance_harvest_date_refuses_a_sale_that_is_far_ahead() -> None:
    args = AdvanceHarvestDate(id=SALE.id, action=HarvestAction.SELL)
    with refused("sale-not-near", sale_from_on=day(8).isoformat()):
        run(known(sale_from_on=day(8)), "advance_harvest_date", args, POSTMAN)
    run(known(sale_from_on=day(7)), "advance_harvest_date", args, POSTMAN)


def test_cancel_harvest_date_needs_a_reason_and_keeps_it() -> None:
    rows = known()
    with refused("reason-missing"):
        run(rows, "cancel_harvest_date", CancelHarvestDate(id=SALE.id, reason=""), POSTMAN)
    run(rows, "cancel_harvest_date", CancelHarvestDate(id=SALE.id, reason="台风"), POSTMAN)
    assert sale_of(rows).status is HarvestStatus.CANCELLED
    assert sale_of(rows).ended_reason == "台风"
    assert last_version(rows).status is HarvestStatus.CANCELLED


def test_correct_harvest_date_changes_what_is_named() -> None:
    rows = known(note="旧", households=60)
    args = CorrectHarvestDate(
        id=SALE.id, sale_from_on=day(6), households=0, buyer="王老板", note=""
    )
    run(rows, "correct_harvest_date", args, POSTMAN)
    sale = sale_of(rows)
    assert (sale.sale_from_on, sale.sale_to_on, sale.payout_on) == (day(6), day(6), day(6))
    assert (sale.households, sale.amount_fen, sale.buyer, sale.note) == (0, 0, "王老板", "")
    assert (sale.version, last_version(rows).version) == (2, 2)
    assert last_version(rows).action is HarvestAction.CORRECT
    second = CorrectHarvestDate(
        id=SALE.id, sale_to_on=day(8), amount_fen=5, confidence=Confidence.BUYER
    )
    run(rows, "correct_harvest_date", second, POSTMAN)
    sale = sale_of(rows)
    assert (sale.sale_to_on, sale.amount_fen, sale.households) == (day(8), 5, 0)
    assert (sale.note, sale.confidence) == ("", Confidence.BUYER)


def test_correct_harvest_date_refuses_days_that_make_no_sense() -> None:
    with refused("dates-reversed"):
        args = CorrectHarvestDate(id=SALE.id, sale_to_on=day(1))
        run(known(), "correct_harvest_date", args, POSTMAN)


def test_withdraw_harvest_date_ends_it() -> None:
    rows = known()
    run(rows, "withdraw_harvest_date", WithdrawHarvestDate(id=SALE.id, reason="记错"), POSTMAN)
    assert sale_of(rows).status is HarvestStatus.WITHDRAWN
    assert (last_version(rows).reason, last_version(rows).version) == ("记错", 2)


@pytest.mark.parametrize(
    ("name", "args"),
    [
        ("correct_harvest_date", CorrectHarvestDate(id=SALE.id, note="新")),
        ("withdraw_harvest_date", WithdrawHarvestDate(id=SALE.id)),
    ],
)
def test_the_author_puts_a_sale_right_until_somebody_else_acted_on_it(
    name: str, args: object
) -> None:
    with refused("out-of-scope"):
        run(known(), name, args, HEAD)

    shifted = known()
    run(shifted, "shift_harvest_date", SHIFT, MANAGER)
    confirmed = known()
    seen = ConfirmHarvestDate(id=SALE.id, confidence=Confidence.SEEN)
    run(confirmed, "confirm_harvest_date", seen, HEAD)
    planned = known()
    planned.keep([replace(VISIT, harvest_date_id=SALE.id)])
    referred = known()
    referred.keep(
        [referral(ReferralStatus.ROUTED, referrer_id=COLLEAGUE.id, harvest_date_id=SALE.id)]
    )
    for rows in (shifted, confirmed, planned, referred):
        with refused("already-acted-on"):
            run(rows, name, args, POSTMAN)


def test_ones_own_lead_and_a_visit_that_is_off_do_not_keep_a_sale_from_being_withdrawn() -> None:
    rows = known()
    rows.keep(
        [
            replace(REFERRAL, harvest_date_id=SALE.id),
            replace(VISIT, harvest_date_id=SALE.id, status=VisitStatus.CANCELLED),
        ]
    )
    run(rows, "withdraw_harvest_date", WithdrawHarvestDate(id=SALE.id), POSTMAN)
    assert sale_of(rows).status is HarvestStatus.WITHDRAWN
