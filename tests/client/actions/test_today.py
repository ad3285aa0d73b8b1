"""What the day and the round already say: the village where one stands comes first."""

from __future__ import annotations

import asyncio
import datetime as dt

import pytest

from client.actions.today import at_hand, visited_on
from shared.domain.referral import Referral
from shared.domain.village import Village
from tests.client.views.demo_rows import postman_field
from tests.client.views.harness import Screen


def village(name: str, town: str, place: tuple[int, int] | None) -> Village:
    latitude, longitude = place or (None, None)
    return Village(
        id=name,
        outlet_id="outlet",
        name=name,
        town=town,
        latitude_e6=latitude,
        longitude_e6=longitude,
    )


A = village("a", "龙门", (21_000_000, 110_000_000))
B = village("b", "龙门", (21_300_000, 110_000_000))
C = village("c", "覃斗", (21_010_000, 110_010_000))
D = village("d", "覃斗", (21_100_000, 110_000_000))
NOWHERE = village("n", "龙门", None)


@pytest.mark.parametrize(
    ("visited", "order"),
    [
        ([], "abcdn"),
        (["elsewhere"], "abcdn"),
        (["a"], "acdbn"),
        (["b"], "bdcan"),
        (["d", "a"], "dacbn"),
        (["n"], "nabcd"),
    ],
    ids=str,
)
def test_villages_come_as_they_lie(visited: list[str], order: str) -> None:
    """Those just visited, then the near ones; without positions, those of the same town."""
    found = at_hand([A, B, C, D, NOWHERE], visited)
    assert "".join(one.id for one in found) == order


def test_form_begins_with_the_village_of_the_last_record() -> None:
    async def story() -> None:
        field = postman_field()
        me, today = field.me.id, field.today()
        assert visited_on(field.world, me, today) == []
        screen = await Screen().open(field, route="/postman/lead")
        villages = {one.id: one.name for one in field.world.where(Village)}
        last = field.world.where(Village)[-1]
        await screen.tap(last.name)
        for text in ("存款", "很高", "客户已同意，保存"):
            await screen.tap(text)
        assert visited_on(field.world, me, today)[0] == last.id
        assert visited_on(field.world, me, today + dt.timedelta(days=1)) == []
        screen.app.navigation.open("/postman/lead")
        await screen.settle()
        shown = [text for text in screen.texts() if text in villages.values()]
        assert shown[0] == last.name
        for text in ("存款", "很高", "客户已同意，保存"):
            await screen.tap(text)
        recorded = [lead for lead in field.world.where(Referral) if lead.captured_to == field.at]
        assert {lead.village_id for lead in recorded} == {last.id}
        await screen.close()

    asyncio.run(story())
