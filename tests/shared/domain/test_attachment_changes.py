from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import Any

import pytest

from shared.domain.attachment import (
    ATTACHMENTS_MAX,
    AttachFile,
    Attachment,
    AttachmentKind,
    AttachmentObject,
    MediaType,
    RemoveAttachment,
    is_shown,
    kept_until,
)
from shared.domain.care_card import CareStatus
from shared.domain.people import Staff
from shared.domain.policy import DEFAULT_POLICY
from shared.domain.referral import Referral, ReferralStatus
from shared.domain.visit import Visit, VisitStatus
from tests.shared.domain.county import (
    CARD,
    COLLEAGUE,
    HEAD,
    LOBBY,
    MANAGER,
    NOW,
    OUTREACH,
    PAYROLL,
    POSTMAN,
    REFERRAL,
    VISIT,
    county,
    id_of,
    moment_at,
    referral,
    refused,
    run,
)

PHOTO = AttachFile(
    id=id_of("photo"),
    object_table=AttachmentObject.REFERRAL,
    object_id=REFERRAL.id,
    kind=AttachmentKind.PHOTO,
    sha256="a" * 64,
    size=300_000,
    media_type=MediaType.JPEG,
)
NOTE: dict[str, Any] = {"kind": AttachmentKind.VOICE, "media_type": MediaType.WEBM_AUDIO}
ON_VISIT: dict[str, Any] = {"object_table": AttachmentObject.VISIT, "object_id": VISIT.id}
ON_CARD: dict[str, Any] = {"object_table": AttachmentObject.CARE_CARD, "object_id": CARD.id}


def attached(**fields: Any) -> Attachment:
    return Attachment(
        id=PHOTO.id, object_table=PHOTO.object_table, object_id=PHOTO.object_id, kind=PHOTO.kind,
        sha256=PHOTO.sha256, size=PHOTO.size, media_type=PHOTO.media_type,
        made_by_id=POSTMAN.id, made_at=NOW, **fields,
    )  # fmt: skip


def test_referrer_attaches_the_photo_of_the_card() -> None:
    rows = county(REFERRAL)
    taken = NOW - dt.timedelta(hours=6)

    (made,) = run(rows, "attach_file", PHOTO, POSTMAN, moment_at(NOW, since=taken))

    assert made == attached()


@pytest.mark.parametrize(
    ("changes", "person"),
    [
        ({}, MANAGER),
        (NOTE, POSTMAN),
        (ON_VISIT, MANAGER),
        (ON_VISIT, OUTREACH),
        (ON_CARD | NOTE, POSTMAN),
    ],
)
def test_those_who_work_on_it_attach(changes: dict[str, Any], person: Staff) -> None:
    rows = county(referral(ReferralStatus.ROUTED), VISIT, CARD)

    assert run(rows, "attach_file", replace(PHOTO, **changes), person)


@pytest.mark.parametrize(
    ("changes", "person"),
    [({}, COLLEAGUE), ({}, HEAD), (ON_VISIT, POSTMAN), (ON_CARD | NOTE, LOBBY)],
)
def test_others_do_not_attach(changes: dict[str, Any], person: Staff) -> None:
    rows = county(REFERRAL, VISIT, CARD)

    with refused("out-of-scope"):
        run(rows, "attach_file", replace(PHOTO, **changes), person)


def test_a_post_that_handles_no_customers_attaches_nothing() -> None:
    with refused("forbidden-action"):
        run(county(REFERRAL), "attach_file", PHOTO, PAYROLL)


def test_what_is_not_there_bears_nothing() -> None:
    with refused("missing-object", table="referral"):
        run(county(), "attach_file", PHOTO, POSTMAN)


@pytest.mark.parametrize("changes", [ON_VISIT | NOTE, ON_CARD])
def test_a_kind_that_does_not_belong_there_is_refused(changes: dict[str, Any]) -> None:
    person = MANAGER if changes["object_id"] == VISIT.id else POSTMAN

    with refused("invalid-argument", field="kind"):
        run(county(VISIT, CARD), "attach_file", replace(PHOTO, **changes), person)


def test_sound_is_no_photo() -> None:
    with refused("invalid-argument", field="media_type"):
        run(
            county(REFERRAL), "attach_file",
            replace(PHOTO, media_type=MediaType.MP4_AUDIO), POSTMAN,
        )  # fmt: skip


@pytest.mark.parametrize(
    "status", [ReferralStatus.WITHDRAWN, ReferralStatus.VOID, ReferralStatus.JOINED]
)
def test_a_lead_that_was_taken_back_bears_nothing_more(status: ReferralStatus) -> None:
    with refused("illegal-transition", object="referral", status=status):
        run(county(referral(status)), "attach_file", PHOTO, POSTMAN)


@pytest.mark.parametrize("status", [CareStatus.WITHDRAWN, CareStatus.OPTED_OUT])
def test_a_card_of_somebody_who_wants_no_contact_bears_nothing(status: CareStatus) -> None:
    note = replace(PHOTO, **ON_CARD, **NOTE)

    with refused("illegal-transition", object="care_card"):
        run(county(replace(CARD, status=status)), "attach_file", note, POSTMAN)


def test_a_visit_that_is_over_still_takes_its_photo() -> None:
    over = replace(VISIT, status=VisitStatus.DONE)

    assert run(county(over), "attach_file", replace(PHOTO, **ON_VISIT), MANAGER)


def test_the_same_file_a_second_time_changes_nothing() -> None:
    rows = county(REFERRAL, attached())

    assert run(rows, "attach_file", replace(PHOTO, id=id_of("again")), POSTMAN) == []


def test_an_id_is_not_used_twice() -> None:
    with refused("invalid-argument", field="id"):
        run(county(REFERRAL, attached()), "attach_file", replace(PHOTO, sha256="b" * 64), POSTMAN)


def test_an_object_bears_so_many_and_no_more() -> None:
    rows = county(REFERRAL)
    for number in range(ATTACHMENTS_MAX):
        one = replace(PHOTO, id=id_of(f"photo {number}"), sha256=f"{number:064x}")
        assert run(rows, "attach_file", one, POSTMAN)
    more = replace(PHOTO, id=id_of("one more"), sha256="f" * 64)

    with refused("too-many-attachments", attachments_max=ATTACHMENTS_MAX):
        run(rows, "attach_file", more, POSTMAN)
    first = RemoveAttachment(id=id_of("photo 0"))
    run(rows, "remove_attachment", first, POSTMAN)

    assert run(rows, "attach_file", more, POSTMAN)


def test_the_author_alone_removes_a_file() -> None:
    rows = county(referral(ReferralStatus.ACCEPTED), attached())

    with refused("out-of-scope"):
        run(rows, "remove_attachment", RemoveAttachment(id=PHOTO.id), MANAGER)
    (removed,) = run(rows, "remove_attachment", RemoveAttachment(id=PHOTO.id), POSTMAN)

    assert removed == attached(removed_at=NOW)
    assert run(rows, "remove_attachment", RemoveAttachment(id=PHOTO.id), POSTMAN) == []


def on(year: int, month: int, day: int) -> dt.datetime:
    return dt.datetime(year, month, day, 4, tzinfo=dt.UTC)


@pytest.mark.parametrize(
    ("bearer", "made_at", "last_day"),
    [
        (REFERRAL, on(2026, 5, 4), dt.date(2027, 5, 4)),
        (REFERRAL, on(2028, 2, 29), dt.date(2029, 2, 28)),
        (referral(ReferralStatus.LOST), on(2026, 12, 31), dt.date(2027, 12, 31)),
        (referral(ReferralStatus.JOINED), on(2026, 5, 4), dt.date(2026, 6, 3)),
        (referral(ReferralStatus.WITHDRAWN), on(2026, 5, 4), None),
        (referral(ReferralStatus.VOID), on(2026, 5, 4), None),
        (None, on(2026, 5, 4), None),
        (VISIT, on(2026, 5, 4), dt.date(2027, 5, 4)),
    ],
)
def test_a_file_is_kept_as_long_as_its_record(
    bearer: Referral | Visit | None, made_at: dt.datetime, last_day: dt.date | None
) -> None:
    assert kept_until(replace(attached(), made_at=made_at), bearer, DEFAULT_POLICY) == last_day


def test_a_removed_file_is_neither_shown_nor_kept() -> None:
    removed = attached(removed_at=NOW)

    assert not is_shown(removed, REFERRAL)
    assert kept_until(removed, REFERRAL, DEFAULT_POLICY) is None


def test_files_of_a_joined_duplicate_are_shown_to_the_branch_head_who_may_split_it() -> None:
    assert is_shown(attached(), referral(ReferralStatus.JOINED))
    assert not is_shown(attached(), referral(ReferralStatus.WITHDRAWN))
