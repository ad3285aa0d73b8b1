"""`python -m tools.bench_search`: how long it takes to find a person among 10,000 records.

On a list of invented leads, in one process without a browser: a field is typed into as a person
does, key by key, and each key's time until the list stands again is printed.
"""

from __future__ import annotations

import asyncio
import sys
import time
from dataclasses import replace

import flet as ft

from shared.domain.customer import Customer
from shared.domain.referral import Referral
from tests.client.views import demo_rows
from tests.client.views.harness import Screen

__all__ = ["measure"]

RECORDS = 10_000
FAMILY, GIVEN = "陈林王李黄", "水生秀英志强丽珍"
TYPED = ("c", "cs", "csf", "陈", "陈水", "8", "88")


async def measure(records: int = RECORDS) -> dict[str, float]:
    """Return the seconds until the list stands, opened and after each of `TYPED`."""
    field = demo_rows.postman_field()
    lead = field.world.get(Referral, demo_rows.LEAD)
    assert lead is not None
    customer = field.world.get(Customer, lead.customer_id)
    assert customer is not None
    for number in range(records):
        name = FAMILY[number % len(FAMILY)] + GIVEN[number % len(GIVEN)] + "福"
        one = replace(customer, id=demo_rows.row_id(100_000 + number), name=name)
        field.world.put(one)
        field.world.put(replace(lead, id=demo_rows.row_id(200_000 + number), customer_id=one.id))
    took: dict[str, float] = {}
    started = time.perf_counter()
    screen = await Screen().open(field, route="/postman/records")
    took["open"] = time.perf_counter() - started
    for text in TYPED:
        (box,) = screen.all(ft.TextField)
        screen.session.apply_patch(box._i, {"value": text})  # noqa: SLF001 - as the harness does.
        started = time.perf_counter()
        await screen.fire(box, "change", text)
        took[text] = time.perf_counter() - started
    await screen.close()
    return took


def main() -> int:
    """Print the figures."""
    for what, seconds in asyncio.run(measure()).items():
        print(f"{what:>6}  {seconds * 1000:7.0f} ms")
    return 0


if __name__ == "__main__":
    sys.exit(main())
