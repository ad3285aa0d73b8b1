"""What can go wrong in a run: each seed draws its own part of it, so that rare pairs meet."""

from __future__ import annotations

import random
from dataclasses import dataclass

from tests.simulation.network import NETWORK_FAULTS

__all__ = ["FAULTS", "Faults"]

FAULTS: dict[str, float] = {
    **dict.fromkeys(NETWORK_FAULTS, 0.3),
    "busy": 0.3,  # The server finds its database locked.
    "server-kill": 0.35,  # At any SQL statement or commit.
    "server-restart": 0.2,
    "restore": 0.2,  # The server goes back to a backup.
    "poison": 0.2,  # The server fails on an operation, for no fault of the operation's.
    "wrong-clock": 0.3,  # From an hour slow to ten years fast.
    "app-kill": 0.5,  # Kill -9 at any write, sync or statement of the phone's storage.
    "power-cut": 0.4,  # At the same points; what was not synced goes too.
    "disk-full": 0.25,
    "bit-rot": 0.2,  # A damaged record in a phone's journal.
    "lost-replica": 0.2,  # The replica is damaged or gone.
    "clone": 0.2,  # An installation is copied to another phone.
    "upgrade": 0.2,  # Server and apps are upgraded while phones hold old operations.
    "moves": 0.35,  # Villages, rounds and people change hands.
    "revoke": 0.2,
    "renew": 0.25,  # A phone gets a new number that had a good one.
    "lapse": 0.2,  # Somebody leaves, and comes back.
    "small": 0.4,  # Batches and pages of a few: many round trips.
    "long": 0.3,  # Weeks pass.
    "hand-over": 0.4,  # Records and receipts go by colleagues' phones, as files.
    "files": 0.35,  # Photos and voice notes; the server collects what nobody names.
    "old-files": 0.3,  # A restored server's files are those of the backup, too.
    "erase": 0.35,  # Customers are erased.
    "damaged-file": 0.3,  # Such a file is cut short, or a bit of it is flipped.
}
"""Every fault, and how likely a seed has it at all."""


@dataclass(frozen=True, slots=True)
class Faults:
    """Those of one seed.

    Attributes:
        network: The faults of the network, and how likely a request meets one.
    """

    some: frozenset[str]
    network: tuple[str, ...]
    likely: float

    def __contains__(self, name: str) -> bool:
        return name in self.some

    @classmethod
    def drawn(cls, chance: random.Random) -> Faults:
        """Draw the faults of a seed."""
        some = frozenset(name for name, likely in FAULTS.items() if chance.random() < likely)
        network = tuple(name for name in NETWORK_FAULTS if name in some)
        return cls(some, network, chance.choice([0.05, 0.15, 0.4]))
