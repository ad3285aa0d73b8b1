"""One round against a server that loses, doubles, cuts and refuses."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from client.device import HttpReply
from client.engine import Field
from client.status import OutboxState, Phase
from client.sync import round as sync_round
from shared.canonical import canonical_bytes
from shared.domain.people import Staff
from shared.domain.referral import Referral, ReferralStatus
from shared.wire.compact import COMPACT, pack
from shared.wire.envelope import OpState
from shared.wire.rows import encode
from tests.client.fake_server import COLLEAGUE, POSTMAN, FakeServer, ok, refusal
from tests.client.phone import Phone, lead

SUBMIT = "submit_referral"
SOUND = canonical_bytes(
    {
        "generation": "g1",
        "server_time": 1_779_000_000_000,
        "last": 0,
        "results": [],
        "rows": {},
        "gone": {},
        "scopes": [],
        "cursors": {},
        "more": False,
    }
)


async def record(field: Field, *names: str) -> list[str]:
    """Record a lead for each name; return the referrals' ids."""
    ids = []
    for name in names:
        args = lead(field, name)
        await field.record(SUBMIT, args)
        ids.append(args.id)
    return ids


def states(field: Field) -> list[OutboxState]:
    return [item.state for item in reversed(field.outbox())]


def bent(change: dict[str, Any]) -> Any:
    """Return a bend that changes members of the answer."""

    def bend(reply: HttpReply) -> HttpReply:
        return replace(reply, body=canonical_bytes(json.loads(reply.body) | change))

    return bend


async def test_request_is_what_the_protocol_says(phone: Phone, server: FakeServer) -> None:
    field = await phone.enrolled()
    await record(field, "王阿婆")
    await field.sync_now()
    request = server.requests[-1]
    # The fake server has named no key for bundles, so that each request asks for it.
    assert request.pop("sealing") == ""
    assert set(request) == {"app", "clock", "acked", "ops", "open", "cursors", "limit"}
    (op,) = request["ops"]
    assert set(op) == {"seq", "name", "v", "args", "base", "by", "clock"}
    assert (op["seq"], op["by"], op["base"]) == (1, POSTMAN.id, {})
    assert op["clock"]["anchor"]["server"] == server.now_ms
    assert server.headers[-1]["Content-Type"] == COMPACT


async def test_answer_in_the_compact_form_is_as_good_as_a_plain_one(
    phone: Phone, server: FakeServer
) -> None:
    field = await phone.enrolled()
    ids = await record(field, "王阿婆", "李老板")
    server.replace_reply = lambda reply: HttpReply(
        200, {"content-type": COMPACT}, pack(json.loads(reply.body))
    )
    assert (await field.sync_now()).waiting == 0
    assert [row.id for row in field.world.where(Referral)] == ids


@pytest.mark.parametrize("body", [b"", b"\x01", b"\x09abc", pack([1])])
async def test_answer_in_a_damaged_compact_form_is_none(
    phone: Phone, server: FakeServer, body: bytes
) -> None:
    field = await phone.enrolled()
    await record(field, "王阿婆")
    server.replace_reply = lambda _: HttpReply(200, {"content-type": COMPACT}, body)
    status = await field.sync_now()
    assert (status.phase, status.waiting) == (Phase.OFFLINE, 1)


async def test_answer_that_got_lost_is_given_again_and_changes_nothing_twice(
    phone: Phone, server: FakeServer
) -> None:
    field = await phone.enrolled()
    ids = await record(field, "王阿婆", "李老板")
    server.replace_reply = lambda _: None
    status = await field.sync_now()
    assert (status.phase, status.waiting) == (Phase.OFFLINE, 2)
    assert states(field) == [OutboxState.WAITING] * 2
    await field.sync_now()
    assert states(field) == [OutboxState.OK] * 2
    assert [row.id for row in server.where(Referral)] == ids
    assert [row.id for row in field.world.where(Referral)] == ids


@pytest.mark.parametrize("cut", [1, 20, 400])
async def test_answer_cut_short_is_no_answer(phone: Phone, server: FakeServer, cut: int) -> None:
    field = await phone.enrolled()
    await record(field, "王阿婆")
    server.replace_reply = lambda reply: replace(reply, body=reply.body[:-cut])
    assert (await field.sync_now()).phase is Phase.OFFLINE
    assert states(field) == [OutboxState.WAITING]
    assert (await field.sync_now()).waiting == 0


@pytest.mark.parametrize(
    "reply",
    [
        HttpReply(200, {"content-type": "text/html"}, b"<html>Log in to FreeWiFi</html>"),
        HttpReply(302, {"location": "http://portal.example/"}, b""),
        HttpReply(200, {}, b"{}"),
        HttpReply(200, {"content-type": "text/plain"}, SOUND),
        HttpReply(203, {"content-type": "application/json"}, SOUND),
        HttpReply(200, {"content-type": "application/json"}, b"[]"),
        HttpReply(200, {"content-type": "application/json"}, b"{}"),
        HttpReply(200, {"content-type": "application/json"}, b'{"rows": NaN}'),
        HttpReply(403, {"content-type": "text/html"}, b"<html>Blocked</html>"),
        HttpReply(404, {"content-type": "application/json"}, b'{"type": "/problems/not-found"}'),
        HttpReply(500, {"content-type": "application/problem+json"}, b'{"type": "/problems/x"}'),
        HttpReply(429, {"content-type": "application/problem+json"}, b'{"type": "/problems/x"}'),
        HttpReply(400, {"content-type": "application/problem+json"}, b'{"title": "no type"}'),
    ],
)
async def test_what_is_not_the_servers_word_changes_nothing(
    phone: Phone, server: FakeServer, reply: HttpReply
) -> None:
    field = await phone.enrolled()
    await field.sync_now()
    ids = await record(field, "王阿婆")
    contact = field.status.last_contact_at
    server.before = lambda _path, _request: reply
    server.now_ms += 60_000
    status = await field.sync_now()
    assert (status.phase, status.waiting, status.last_contact_at) == (Phase.OFFLINE, 1, contact)
    assert [row.id for row in field.world.where(Referral)] == ids
    server.before = None
    assert (await field.sync_now()).waiting == 0


@pytest.mark.parametrize(
    "change",
    [
        {"results": [{"seq": 1, "state": "ok"}]},
        {"results": [{"seq": 1, "state": "fine"}]},
        {"rows": {"referral": [["1", {}]]}},
        {"rows": {"referral": [[1, {}]]}},
        {"gone": {"referral": [5]}},
        {"cursors": {"county:1": "9"}},
        {"last": None},
        {"more": 1},
        {"server_time": "now"},
    ],
)
async def test_answer_of_another_shape_is_no_answer(
    phone: Phone, server: FakeServer, change: dict[str, Any]
) -> None:
    field = await phone.enrolled()
    await record(field, "王阿婆")
    server.replace_reply = bent(change)
    assert (await field.sync_now()).phase is Phase.OFFLINE
    assert states(field) == [OutboxState.WAITING]
    assert field.world.where(Staff) == []
    assert (await field.sync_now()).phase is Phase.IDLE


@pytest.mark.parametrize(
    "change",
    [
        {"device": 99},
        {"seq": 2},
        {"digest": "00" * 32},
        {"state": "rejected"},
        {"at": 5},
        {"signature": "AAAA"},
    ],
)
async def test_receipt_that_the_server_did_not_sign_for_this_op_is_not_believed(
    phone: Phone, server: FakeServer, change: dict[str, Any]
) -> None:
    field = await phone.enrolled()
    await record(field, "王阿婆")

    def forge(reply: HttpReply) -> HttpReply:
        values = json.loads(reply.body)
        values["results"][0]["receipt"] |= change
        return replace(reply, body=canonical_bytes(values))

    server.replace_reply = forge
    assert (await field.sync_now()).phase is Phase.OFFLINE
    assert states(field) == [OutboxState.WAITING]
    await field.sync_now()
    assert states(field) == [OutboxState.OK]


async def test_receipt_that_is_signed_for_other_content_is_not_believed(
    phone: Phone, server: FakeServer
) -> None:
    field = await phone.enrolled()
    await record(field, "王阿婆")

    def swap(reply: HttpReply) -> HttpReply:
        values = json.loads(reply.body)
        other = server.receipt(7, 1, "00" * 32, OpState.OK)
        values["results"][0]["receipt"] = encode(other)
        return replace(reply, body=canonical_bytes(values))

    server.replace_reply = swap
    assert (await field.sync_now()).phase is Phase.OFFLINE
    assert states(field) == [OutboxState.WAITING]


async def test_answer_that_is_known_is_not_kept_again(phone: Phone, server: FakeServer) -> None:
    field = await phone.enrolled()
    server.defer.add(SUBMIT)
    await record(field, "王阿婆")
    await field.sync_now()
    size = (phone.folder / "journal").stat().st_size
    for _ in range(3):
        await field.sync_now()
        assert server.requests[-1]["open"] == [1]
    assert (phone.folder / "journal").stat().st_size == size


async def test_refused_op_stays_visible_and_does_not_dam_the_queue(
    phone: Phone, server: FakeServer
) -> None:
    field = await phone.enrolled()
    await field.sync_now()
    (first,) = await record(field, "王阿婆")
    await field.record("withdraw_referral", {"id": first, "reason": "写错了"})
    await record(field, "李老板")

    def taken(_path: str, request: dict[str, Any]) -> None:
        """Somebody has acted on it before the withdrawal arrives."""
        if request["ops"] and server.get(Referral, first) is None:
            server.before = None
            number = next(iter(server.devices))
            server.ops[number] = {}
            server._sync(number, field.actor, request | {"ops": request["ops"][:1], "open": []})
            row = server.get(Referral, first)
            assert row is not None
            server.put(replace(row, status=ReferralStatus.ACCEPTED))

    server.before = taken
    status = await field.sync_now()
    assert states(field) == [OutboxState.OK, OutboxState.REJECTED, OutboxState.OK]
    assert (status.waiting, status.needs_me) == (0, 1)
    refused = field.outbox()[1]
    assert refused.problem is not None
    assert refused.problem.slug == "illegal-transition"
    assert refused.problem.facts["status"] == "accepted"
    assert refused.args["reason"] == "写错了"
    assert refused.receipt_number == 1002
    row = field.world.get(Referral, first)
    assert row is not None
    assert row.status is ReferralStatus.ACCEPTED
    await field.acknowledge(refused.seq)
    assert field.status.needs_me == 0
    assert (await phone.reopened()).status.needs_me == 0


async def test_deferred_op_stays_on_the_screen_and_is_asked_after(
    phone: Phone, server: FakeServer
) -> None:
    field = await phone.enrolled()
    server.defer.add(SUBMIT)
    ids = await record(field, "王阿婆")
    status = await field.sync_now()
    assert (status.phase, status.waiting) == (Phase.IDLE, 0)
    assert states(field) == [OutboxState.DEFERRED]
    assert [row.id for row in field.world.where(Referral)] == ids
    field = await phone.reopened()
    assert states(field) == [OutboxState.DEFERRED]
    await field.sync_now()
    assert server.requests[-1]["open"] == [1]
    assert server.requests[-1]["acked"] == 1
    server.settle(next(iter(server.devices)), 1)
    await field.sync_now()
    assert states(field) == [OutboxState.OK]
    assert field.outbox()[0].receipt_number == 1001


async def test_parked_op_needs_somebody_and_stays_on_the_screen(
    phone: Phone, server: FakeServer
) -> None:
    field = await phone.enrolled()
    server.park.add(SUBMIT)
    await record(field, "王阿婆")
    status = await field.sync_now()
    assert states(field) == [OutboxState.PARKED]
    assert status.needs_me == 1
    assert len(field.world.where(Referral)) == 1


async def test_long_queue_goes_in_bounded_requests(
    phone: Phone, server: FakeServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sync_round, "OPS_MAX", 3)
    field = await phone.enrolled()
    await record(field, *(f"客户{n}" for n in range(8)))
    await field.sync_now()
    sent = [[op["seq"] for op in request["ops"]] for request in server.requests[1:]]
    assert sent == [[1, 2, 3], [4, 5, 6], [7, 8]]
    assert [request["acked"] for request in server.requests[1:]] == [0, 3, 6]
    monkeypatch.setattr(sync_round, "OPS_BYTES_MAX", 1)
    await record(field, "客户8", "客户9")
    await field.sync_now()
    assert [len(request["ops"]) for request in server.requests[4:]] == [1, 1]


async def test_server_that_takes_fewer_ops_gets_the_rest_next(
    phone: Phone, server: FakeServer
) -> None:
    server.ops_max = 2
    field = await phone.enrolled()
    await record(field, *(f"客户{n}" for n in range(5)))
    await field.sync_now()
    assert states(field) == [OutboxState.OK] * 5


async def test_op_that_spoils_a_request_is_found_and_the_ones_before_it_pass(
    phone: Phone, server: FakeServer
) -> None:
    def refuse(_path: str, request: dict[str, Any]) -> HttpReply | None:
        spoilt = any(op["args"]["customer_name"] == "坏" for op in request.get("ops", []))
        return refusal("body-too-large") if spoilt else None

    server.before = refuse
    field = await phone.enrolled()
    await record(field, "一", "二", "三", "坏", "四")
    status = await field.sync_now()
    assert states(field) == [OutboxState.OK] * 3 + [OutboxState.WAITING] * 2
    assert (status.phase, status.pause_slug) == (Phase.PAUSED, "body-too-large")


@pytest.mark.parametrize("slug", ["unauthenticated", "device-revoked", "forked", "app-too-old"])
async def test_refusal_of_the_device_pauses_and_clears_nothing(
    phone: Phone, server: FakeServer, slug: str
) -> None:
    field = await phone.enrolled()
    await field.sync_now()
    ids = await record(field, "王阿婆")
    status = {"unauthenticated": 401, "device-revoked": 403, "forked": 409, "app-too-old": 426}
    kind = {"content-type": "application/problem+json"}
    body = canonical_bytes({"type": f"/problems/{slug}", "status": status[slug]})
    server.before = lambda _path, _request: HttpReply(status[slug], kind, body)
    told = await field.sync_now()
    assert (told.phase, told.pause_slug, told.waiting) == (Phase.PAUSED, slug, 1)
    await record(field, "李老板")
    assert len(field.world.where(Referral)) == 2
    assert field.world.get(Staff, COLLEAGUE.id) == COLLEAGUE
    server.before = None
    assert (await field.sync_now()).phase is Phase.IDLE
    assert server.where(Referral)[0].id == ids[0]


async def test_pages_are_fetched_until_there_is_no_more(phone: Phone, server: FakeServer) -> None:
    server.page_rows_max = 10
    people = [replace(COLLEAGUE, id=f"{n:013d}", number=str(n)) for n in range(35)]
    server.put(*people)
    field = await phone.enrolled()
    status = await field.sync_now()
    assert len(field.world.where(Staff)) == 37
    assert status.pages_done == 4
    assert len((await phone.reopened()).world.where(Staff)) == 37


async def test_pull_goes_on_where_it_was_cut(phone: Phone, server: FakeServer) -> None:
    server.page_rows_max = 10
    server.put(*(replace(COLLEAGUE, id=f"{n:013d}", number=str(n)) for n in range(35)))
    field = await phone.enrolled()
    requests: list[int] = []

    def cut_third(_path: str, request: dict[str, Any]) -> HttpReply | None:
        requests.append(request["cursors"].get("county:1", 0))
        return refusal("busy") if len(requests) == 3 else None

    server.before = cut_third
    await field.sync_now()
    assert len(field.world.where(Staff)) == 20
    field = await phone.reopened()
    await field.sync_now()
    assert requests == [0, 10, 20, 20, 30]
    assert len(field.world.where(Staff)) == 37


async def test_record_does_not_vanish_between_its_receipt_and_its_row(
    phone: Phone, server: FakeServer
) -> None:
    """The row comes on a later page than the receipt; a kill comes between the two."""
    field = await phone.enrolled()
    server.page_rows_max = 1
    ids = await record(field, "王阿婆")
    seen: list[list[str]] = []
    field.subscribe(lambda: seen.append([row.id for row in field.world.where(Referral)]))
    await field.sync_now()
    assert set(map(tuple, seen)) == {tuple(ids)}

    more = await record(field, "李老板")
    count = len(server.requests)
    server.before = lambda _path, _request: (
        refusal("busy") if len(server.requests) > count + 1 else None
    )
    await field.sync_now()
    assert states(field) == [OutboxState.OK] * 2
    field = await phone.reopened()
    assert [row.id for row in field.world.where(Referral)] == ids + more


async def test_row_that_is_gone_leaves_the_phone(phone: Phone, server: FakeServer) -> None:
    field = await phone.enrolled()
    await field.sync_now()
    server.remove(COLLEAGUE)
    await field.sync_now()
    assert field.world.get(Staff, COLLEAGUE.id) is None
    assert (await phone.reopened()).world.get(Staff, COLLEAGUE.id) is None


async def test_older_revision_that_comes_late_does_not_win(
    phone: Phone, server: FakeServer
) -> None:
    field = await phone.enrolled()
    await field.sync_now()
    moved = replace(COLLEAGUE, name="李满")
    server.put(moved)
    await field.sync_now()
    old = {"staff": [[1, json.loads(canonical_bytes({"id": COLLEAGUE.id}))]]}
    server.replace_reply = bent({"rows": old})
    await field.sync_now()
    assert field.world.get(Staff, COLLEAGUE.id) == moved


async def test_restored_server_gets_again_what_it_lost(phone: Phone, server: FakeServer) -> None:
    field = await phone.enrolled()
    ids = await record(field, "一", "二", "三")
    await field.sync_now()
    server.restore(ops_up_to=0)
    for key in [key for key in server.rows if key[0] == "staff"][1:]:
        del server.rows[key]
    await field.sync_now()
    assert [row.id for row in server.where(Referral)] == ids
    assert states(field) == [OutboxState.OK] * 3
    assert [row.id for row in field.world.where(Referral)] == ids
    assert field.world.where(Staff) == [POSTMAN], "what it does not know any more is gone"
    field = await phone.reopened()
    assert [row.id for row in field.world.where(Referral)] == ids
    assert (await field.sync_now()).phase is Phase.IDLE
    assert server.headers[-1]["Liandong-Generation"] == "g2"


async def test_restored_server_that_lost_rows_alone_is_fetched_anew(
    phone: Phone, server: FakeServer
) -> None:
    field = await phone.enrolled()
    await record(field, "一")
    await field.sync_now()
    server.generation = "g2"
    del server.rows["staff", COLLEAGUE.id]
    await field.sync_now()
    assert field.world.where(Staff) == [POSTMAN]
    assert len(server.where(Referral)) == 1
    assert not field.status.replica_rebuilt


async def test_restore_that_nobody_announced_is_noticed(phone: Phone, server: FakeServer) -> None:
    """The generation is the same, but the server is behind what it has acknowledged."""
    field = await phone.enrolled()
    ids = await record(field, "一", "二")
    await field.sync_now()
    server.restore(ops_up_to=1, generation="g1")
    server.version = 0
    server.rows.clear()
    server.put(POSTMAN, COLLEAGUE)
    ids += await record(field, "三")
    await field.sync_now()
    assert states(field) == [OutboxState.OK] * 3
    assert {row.id for row in server.where(Referral)} >= set(ids[1:])
    assert {row.id for row in field.world.where(Referral)} == {
        row.id for row in server.where(Referral)
    }


async def test_scope_that_begins_anew_is_fetched_from_its_beginning(
    phone: Phone, server: FakeServer
) -> None:
    """The server's counter is behind the phone's cursor: a restore that nobody announced."""
    server.put(*(replace(COLLEAGUE, id=f"{n:013d}", number=str(n)) for n in range(5)))
    field = await phone.enrolled()
    await field.sync_now()
    server.version = 0
    server.rows.clear()
    server.put(POSTMAN, replace(COLLEAGUE, name="李满"))
    await field.sync_now()
    assert [row.name for row in field.world.where(Staff)] == [POSTMAN.name, "李满"]
    assert (await field.sync_now()).phase is Phase.IDLE


async def test_servers_that_answer_in_turn_are_not_followed_for_ever(
    phone: Phone, server: FakeServer
) -> None:
    field = await phone.enrolled()
    await record(field, "王阿婆")
    await field.sync_now()

    def other_one(_path: str, _request: dict[str, Any]) -> None:
        server.generation = "g2" if server.generation == "g1" else "g1"

    server.before = other_one
    count = len(server.requests)
    assert (await field.sync_now()).phase is Phase.OFFLINE
    assert len(server.requests) < count + 10
    server.before = None
    assert (await field.sync_now()).phase is Phase.IDLE
    assert states(field) == [OutboxState.OK]
    assert len(field.world.where(Referral)) == 1


async def test_record_made_while_an_answer_comes_goes_with_the_next_request(
    phone: Phone, server: FakeServer
) -> None:
    field = await phone.enrolled()
    await field.sync_now()
    phases: list[Phase] = []
    field.subscribe(lambda: phases.append(field.status.phase))
    post = server.post

    async def slow(*args: Any, **kwargs: Any) -> HttpReply:
        server.post = post  # type: ignore[method-assign]
        reply = await post(*args, **kwargs)
        await record(field, "王阿婆")
        return reply

    server.post = slow  # type: ignore[method-assign]
    status = await field.sync_now()
    assert (status.phase, status.waiting) == (Phase.IDLE, 0)
    assert Phase.OFFLINE not in phases
    assert len(server.where(Referral)) == 1


async def test_server_that_does_not_go_on_is_left_alone(phone: Phone, server: FakeServer) -> None:
    field = await phone.enrolled()
    await field.sync_now()
    server.before = lambda _path, _request: ok(
        generation="g1",
        server_time=server.now_ms,
        last=0,
        results=[],
        rows={},
        gone={},
        scopes=["county:1"],
        cursors={"county:1": server.version},
        more=True,
    )
    count = len(server.requests)
    assert (await field.sync_now()).phase is Phase.OFFLINE
    assert len(server.requests) == count + 1


async def test_gap_that_the_server_complains_of_without_need_pauses(
    phone: Phone, server: FakeServer
) -> None:
    field = await phone.enrolled()
    await record(field, "王阿婆")
    server.before = lambda _path, _request: refusal("sequence-gap", last=0)
    status = await field.sync_now()
    assert (status.phase, status.pause_slug) == (Phase.PAUSED, "sequence-gap")
