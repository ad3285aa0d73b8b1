"""Count the bytes that a phone sends: ``python -m tools.wire_sizes``.

Leads as a postman records them on a round: invented people, clocks with an anchor, real ids.
"""

from __future__ import annotations

import gzip
import random
import uuid

from server.demo.names import People
from shared.canonical import Json, canonical_bytes
from shared.ids import make_id
from shared.wire.compact import pack

DEVICE = 37
STAFF = make_id(0, 1, 110)
VILLAGES = tuple(make_id(0, 1, 400 + number) for number in range(5))
SALES = tuple(make_id(21, 60 + number, 777_000 + 3_111 * number) for number in range(3))
BEGUN_MS = 1_795_400_000_000
HEADERS = 250
"""About what the request line and the headers of a signed request take."""


def leads(count: int, seed: int = 1) -> list[Json]:
    """Return *count* leads, journalled one after the other over one round."""
    chance, people = random.Random(seed), People(seed)  # noqa: S311 - invented people
    boot = str(uuid.UUID(int=chance.getrandbits(128)))
    anchor = _anchor(boot)
    wall, mono = BEGUN_MS + 431, 86_400_501
    made: list[Json] = []
    for seq in range(42, 42 + count):
        passed = chance.randrange(60_000, 600_000)
        wall, mono = wall + passed, mono + passed
        village = chance.choice(VILLAGES)
        args: dict[str, Json] = {
            "id": make_id(DEVICE, seq, chance.getrandbits(20)),
            "kind": chance.choice(("farmer", "farmer", "farmer", "elder")),
            "source": "village",
            "need": chance.choice(("deposit", "deposit", "finance", "card")),
            "interest": chance.choice(("high", "medium", "low")),
            "mode": "information",
            "consent": True,
            "customer_name": people.name(village),
            "village_id": village,
        }
        if chance.random() < 0.85:  # noqa: PLR2004 - some have no phone
            args["phone"] = f"1{chance.choice('356789')}{chance.randrange(10**9):09}"
        if chance.random() < 0.3:  # noqa: PLR2004 - or know of no sale
            args["harvest_date_id"] = chance.choice(SALES)
        if chance.random() < 0.2:  # noqa: PLR2004 - and few have a note
            args["note"] = chance.choice(
                ("下午在家", "儿子在广州，周末回", "要带老花镜", "卖瓜后再去")
            )
        made.append(
            {
                "seq": seq,
                "name": "submit_referral",
                "v": 1,
                "args": args,
                "base": {},
                "by": STAFF,
                "clock": {"wall": wall, "mono": mono, "boot": boot, "anchor": dict(anchor)},
            }
        )
    return made


def _anchor(boot: str) -> dict[str, Json]:
    return {"server": BEGUN_MS, "mono": 86_400_123, "boot": boot, "wall": BEGUN_MS + 77}


def request(ops: list[Json]) -> dict[str, Json]:
    """Return a sync request with *ops*, of a phone that holds six scopes."""
    scopes = ("county", "outlet", "staff", *("village",) * 3)
    boot = "5f0c3a54-5c1d-4c39-9d3f-1f6f3c8f0b21"
    clock: dict[str, Json] = {"wall": BEGUN_MS + 30_000_000, "mono": 116_400_000, "boot": boot}
    return {
        "app": 1,
        "clock": {**clock, "anchor": _anchor(boot)},
        "acked": 41,
        "ops": ops,
        "open": [],
        "cursors": {f"{scope}:{make_id(0, 1, n)}": 100 + 37 * n for n, scope in enumerate(scopes)},
        "limit": 200_000,
    }


def main() -> None:
    """Print a line for each size of queue."""
    print("leads   plain JSON     gzip  compact   a lead")
    for count in (1, 10, 50, 200):
        body = request(leads(count))
        plain = canonical_bytes(body)
        packed = len(pack(body))
        squeezed = len(gzip.compress(plain, mtime=0))
        print(f"{count:5}{len(plain):13,}{squeezed:9,}{packed:9,}{packed / count:9.1f}")
    print(f"Headers add about {HEADERS} bytes to each request.")


if __name__ == "__main__":
    main()
