from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest

from shared.domain.coverage import does_round, postmen_of, rounds_of
from shared.domain.customer import (
    ContactReveal,
    RevealContact,
    consent_given,
    contact_id_of,
    contact_of,
    has_consent,
)
from shared.domain.notice import Notice, NoticeKind, SeeNotice
from shared.domain.organisation import CoverRound, NamedDevice, SetLeave
from shared.domain.people import Device, Leave, Staff, is_on_leave
from shared.domain.village import Round, RoundCover
from tests.shared.domain.county import (
    ADMIN,
    BACKUP,
    COLLEAGUE,
    CUSTOMER,
    FAR_ADMIN,
    FAR_MANAGER,
    GONE,
    HEAD,
    LOBBY,
    MANAGER,
    MOMENT,
    NOW,
    OTHER_HEAD,
    OTHER_MANAGER,
    OTHER_POSTMAN,
    OTHER_ROUND,
    OUTLET,
    POSTMAN,
    REFERRAL,
    ROUND,
    TODAY,
    VILLAGE,
    county,
    day,
    id_of,
    moment_at,
    refused,
    run,
)

LEAVE = SetLeave(
    id=id_of("leave"), staff_id=MANAGER.id, from_on=day(1), to_on=day(5), backup_id=BACKUP.id
)
COVER = CoverRound(
    id=id_of("cover"), round_id=ROUND.id, staff_id=COLLEAGUE.id, from_on=day(0), to_on=day(2)
)
PHONE = Device(
    id=id_of("phone"),
    number=7,
    staff_id=POSTMAN.id,
    outlet_id=OUTLET.id,
    label="红米",
    enrolled_at=NOW,
)
NAMED = NamedDevice(id=PHONE.id)
NOTICE = Notice(
    id=id_of("notice"),
    for_id=MANAGER.id,
    kind=NoticeKind.REFERRAL_ROUTED,
    object_table="referral",
    object_id=REFERRAL.id,
    at=NOW,
)


def test_set_leave_is_noted_changed_and_called_off() -> None:
    rows = county()
    run(rows, "set_leave", LEAVE, HEAD)
    assert rows.only(Leave).backup_id == BACKUP.id
    away = [is_on_leave(rows, MANAGER.id, day(offset)) for offset in (0, 1, 5, 6)]
    assert away == [False, True, True, False]
    run(rows, "set_leave", replace(LEAVE, to_on=day(2)), HEAD)
    assert not is_on_leave(rows, MANAGER.id, day(3))
    run(rows, "set_leave", replace(LEAVE, cancelled=True), HEAD)
    assert not is_on_leave(rows, MANAGER.id, day(1))


@pytest.mark.parametrize(
    ("change", "slug"),
    [
        ({"to_on": day(0)}, "dates-reversed"),
        ({"from_on": day(400), "to_on": day(401)}, "day-too-far"),
        ({"backup_id": MANAGER.id}, "colleague-unavailable"),
        ({"backup_id": COLLEAGUE.id}, "colleague-unavailable"),
        ({"backup_id": GONE.id}, "colleague-unavailable"),
        ({"backup_id": FAR_MANAGER.id}, "colleague-unavailable"),
        ({"staff_id": OTHER_MANAGER.id}, "colleague-unavailable"),
        ({"staff_id": id_of("nobody")}, "missing-object"),
    ],
)
def test_set_leave_refuses(change: dict[str, object], slug: str) -> None:
    with refused(slug):
        run(county(), "set_leave", replace(LEAVE, **change), HEAD)  # type: ignore[arg-type]


def test_set_leave_never_turns_one_persons_leave_into_anothers() -> None:
    rows = county()
    run(rows, "set_leave", LEAVE, HEAD)
    with refused("invalid-argument", field="staff_id"):
        run(rows, "set_leave", replace(LEAVE, staff_id=BACKUP.id, backup_id=None), HEAD)


def test_a_postman_may_be_away_with_anybody_or_nobody_as_backup() -> None:
    rows = county()
    run(rows, "set_leave", replace(LEAVE, staff_id=POSTMAN.id, backup_id=COLLEAGUE.id), HEAD)
    run(rows, "set_leave", replace(LEAVE, staff_id=POSTMAN.id, backup_id=None), HEAD)
    assert is_on_leave(rows, POSTMAN.id, day(1))


def test_cover_round_gives_the_round_to_somebody_else_for_some_days() -> None:
    rows = county()
    run(rows, "cover_round", COVER, HEAD)
    covered = [does_round(rows, COLLEAGUE.id, ROUND.id, day(n), day(n)) for n in (-1, 0, 2, 3)]
    assert covered == [False, True, True, False]
    assert postmen_of(rows, VILLAGE, day(0)) == [COLLEAGUE.id, POSTMAN.id]
    assert postmen_of(rows, VILLAGE, day(3)) == [POSTMAN.id]
    run(rows, "cover_round", replace(COVER, cancelled=True), HEAD)
    assert rounds_of(rows, COLLEAGUE.id, day(0), day(0)) == []
    assert postmen_of(rows, VILLAGE, day(0)) == [POSTMAN.id]


def test_nobody_brings_the_post_to_a_village_without_a_round_or_postman() -> None:
    rows = county()
    assert postmen_of(rows, replace(VILLAGE, round_id=None), TODAY) == []
    rows.change(ROUND, postman_id=None)
    assert postmen_of(rows, VILLAGE, TODAY) == []


def test_rounds_of_leaves_out_a_round_that_is_unknown_and_none_twice() -> None:
    covers = [
        RoundCover(
            id=id_of(name), round_id=round_id, staff_id=POSTMAN.id, from_on=day(0), to_on=day(0)
        )
        for name, round_id in (("own", ROUND.id), ("unknown", id_of("no round")))
    ]
    rows = county(*covers)
    assert rounds_of(rows, POSTMAN.id, day(0), day(0)) == [rows.get(Round, ROUND.id)]


@pytest.mark.parametrize(
    ("change", "slug"),
    [
        ({"staff_id": POSTMAN.id}, "colleague-unavailable"),
        ({"staff_id": LOBBY.id}, "colleague-unavailable"),
        ({"staff_id": OTHER_POSTMAN.id}, "colleague-unavailable"),
        ({"round_id": OTHER_ROUND.id}, "out-of-scope"),
        ({"round_id": id_of("no round")}, "missing-object"),
        ({"to_on": day(-1)}, "dates-reversed"),
        ({"from_on": day(-402), "to_on": day(-401)}, "day-too-far"),
    ],
)
def test_cover_round_refuses(change: dict[str, object], slug: str) -> None:
    with refused(slug):
        run(county(), "cover_round", replace(COVER, **change), HEAD)  # type: ignore[arg-type]


def test_a_round_has_one_cover_at_a_time() -> None:
    rows = county()
    run(rows, "cover_round", COVER, HEAD)
    second = replace(COVER, id=id_of("second"), from_on=day(2), to_on=day(4))
    with refused("round-covered", from_on=day(0).isoformat(), to_on=day(2).isoformat()):
        run(rows, "cover_round", second, HEAD)
    before = replace(second, from_on=day(-2), to_on=day(0))
    with refused("round-covered"):
        run(rows, "cover_round", before, HEAD)
    run(rows, "cover_round", replace(before, id=id_of("before"), to_on=day(-1)), HEAD)
    run(rows, "cover_round", replace(second, from_on=day(3)), HEAD)
    run(rows, "cover_round", replace(COVER, to_on=day(1)), HEAD)
    with refused("invalid-argument", field="round_id"):
        run(rows, "cover_round", replace(COVER, round_id=OTHER_ROUND.id), HEAD)


def test_report_device_lost_notes_the_first_report() -> None:
    rows = county(PHONE)
    run(rows, "report_device_lost", NAMED, HEAD)
    assert rows.only(Device).reported_lost_at == NOW
    later = moment_at(NOW + dt.timedelta(hours=1))
    assert run(rows, "report_device_lost", NAMED, HEAD, later) == []
    with refused("out-of-scope"):
        run(rows, "report_device_lost", NAMED, OTHER_HEAD)


def test_revoke_device_is_the_county_administrators() -> None:
    rows = county(PHONE)
    with refused("forbidden-action"):
        run(rows, "revoke_device", NAMED, HEAD)
    with refused("out-of-scope"):
        run(rows, "revoke_device", NAMED, FAR_ADMIN)
    run(rows, "revoke_device", NAMED, ADMIN)
    assert rows.only(Device).revoked_at == NOW
    assert run(rows, "revoke_device", NAMED, ADMIN, moment_at(NOW + dt.timedelta(1))) == []


def test_see_notice_notes_the_first_time_and_only_for_its_reader() -> None:
    rows = county(NOTICE)
    run(rows, "see_notice", SeeNotice(ids=(NOTICE.id,)), MANAGER)
    assert rows.only(Notice).seen_at == NOW
    later = moment_at(NOW + dt.timedelta(hours=1))
    assert run(rows, "see_notice", SeeNotice(ids=(NOTICE.id,)), MANAGER, later) == []
    with refused("out-of-scope"):
        run(rows, "see_notice", SeeNotice(ids=(NOTICE.id,)), HEAD)


def test_reveal_contact_is_logged_and_over_after_an_hour() -> None:
    contact = contact_of(CUSTOMER.id, "13800000000", TODAY)
    rows = county(contact)
    look = RevealContact(id=id_of("look"), customer_id=CUSTOMER.id, reason="核对重复")
    run(rows, "reveal_contact", look, HEAD)
    reveal = rows.only(ContactReveal)
    assert (reveal.contact_id, reveal.by_id, reveal.at) == (contact.id, HEAD.id, NOW)
    assert reveal.expires_at - reveal.at == dt.timedelta(hours=1)
    with refused("invalid-argument", field="id"):
        run(rows, "reveal_contact", look, HEAD)


def test_a_consent_holds_on_its_last_day_and_not_after_it_or_a_withdrawal() -> None:
    consent = consent_given(id_of("lead"), CUSTOMER.id, MOMENT)
    assert consent.expires_on == day(365)
    rows = county(consent)
    assert has_consent(rows, CUSTOMER.id, day(365))
    assert not has_consent(rows, CUSTOMER.id, day(366))
    rows.change(consent, withdrawn_at=NOW)
    assert not has_consent(rows, CUSTOMER.id, TODAY)


def test_a_customer_has_one_number_and_it_is_kept_for_thirty_days() -> None:
    first = contact_of(CUSTOMER.id, "13800000000", TODAY)
    second = contact_of(CUSTOMER.id, "13900000000", day(1))
    assert first.id == second.id == contact_id_of(CUSTOMER.id)
    assert (first.expires_on, second.expires_on) == (day(30), day(31))


@pytest.mark.parametrize(
    ("person", "reason", "slug"),
    [
        (HEAD, " ", "reason-missing"),
        (OTHER_HEAD, "核对", "out-of-scope"),
        (POSTMAN, "核对", "forbidden-action"),
    ],
)
def test_reveal_contact_refuses(person: Staff, reason: str, slug: str) -> None:
    with refused(slug):
        args = RevealContact(id=id_of("look"), customer_id=CUSTOMER.id, reason=reason)
        run(county(), "reveal_contact", args, person)
