"""A phone of the tests: real files, real keys, clocks that a test can turn."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from client.device import Device, Http
from client.device.journal_file import FileJournal
from client.device.native import FileSettings, NativeKeys
from client.engine import Field
from shared.domain.customer import CustomerKind
from shared.domain.referral import Interest, LeadSource, Need, ReferralMode, SubmitReferral
from tests.client.fake_server import CODE, NOW_MS

PIN = "246810"


class TurnableClock:
    """Clocks that stand still until they are turned."""

    def __init__(self) -> None:
        self.wall = NOW_MS
        self.mono = 50_000
        self.boot_name = "boot-1"

    def wall_ms(self) -> int:
        return self.wall

    def monotonic_ms(self) -> int:
        return self.mono

    def boot(self) -> str:
        return self.boot_name

    def pass_s(self, seconds: float) -> None:
        self.wall += int(seconds * 1000)
        self.mono += int(seconds * 1000)

    def reboot(self, name: str = "boot-2") -> None:
        self.mono, self.boot_name = 1000, name


class Phone:
    """One folder; each `start` is a new run of the app on it."""

    def __init__(self, folder: Path, http: Http, *, replica_file: bool = True) -> None:
        self.folder = folder
        self.http = http
        self.clock = TurnableClock()
        self.replica_path = folder / "replica.sqlite3" if replica_file else None
        self._journals: list[FileJournal] = []
        self.device = self.new_device()
        self.field = Field(self.device)

    def new_device(self, **ports: Any) -> Device:
        self._journals.append(FileJournal(self.folder / "journal"))
        default: Mapping[str, Any] = {
            "journal": self._journals[-1],
            "settings": FileSettings(self.folder / "settings"),
            "keys": NativeKeys(self.folder / "keys.json", iterations=1),
            "http": self.http,
            "clock": self.clock,
            "replica_path": self.replica_path,
        }
        return Device(**{**default, **ports})

    async def start(self, **ports: Any) -> Field:
        """Kill the app, and start it anew on what the storage holds."""
        self.kill()
        self.device = self.new_device(**ports)
        self.field = Field(self.device)
        await self.field.load()
        return self.field

    async def enrolled(self, code: str = CODE) -> Field:
        """Start, enrol, choose the PIN; open, not synced."""
        field = await self.start()
        await field.enrol(code, "测试机")
        await field.set_pin(PIN)
        return field

    async def reopened(self, **ports: Any) -> Field:
        """Kill the app, start it anew, and unlock it."""
        field = await self.start(**ports)
        await field.unlock(PIN)
        return field

    def kill(self) -> None:
        """End the run as a kill would: nothing is flushed, the lock goes with the process."""
        for journal in self._journals:
            journal.close()
        self._journals.clear()


def lead(field: Field, name: str = "王阿婆", **changes: Any) -> SubmitReferral:
    """Return a lead as a postman types it."""
    values: dict[str, Any] = {
        "id": field.new_id(),
        "kind": CustomerKind.FARMER,
        "source": LeadSource.VILLAGE,
        "need": Need.DEPOSIT,
        "interest": Interest.HIGH,
        "mode": ReferralMode.INFORMATION,
        "consent": True,
        "customer_name": name,
        "phone": "13800005678",
    }
    return SubmitReferral(**values | changes)


async def eventually(condition: Callable[[], object]) -> None:
    """Wait until *condition* holds; a busy machine may take its time."""
    async with asyncio.timeout(20):
        while not condition():  # noqa: ASYNC110 - what it waits for tells nobody
            await asyncio.sleep(0.005)


def stored(folder: Path, pattern: str = "*") -> list[bytes]:
    """Return the content of every file in *folder*, as a finder of the phone could read it."""
    return [path.read_bytes() for path in sorted(folder.rglob(pattern)) if path.is_file()]
