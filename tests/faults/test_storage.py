"""The storage harnesses at a small size; and that each finds what was put in for it to find."""

from __future__ import annotations

import os
from pathlib import Path
from unittest import mock

import pytest

from client.device import StorageFullError
from client.device.journal_file import FileJournal
from client.device.native import FileSettings
from tests.faults import damage, disk_full, report
from tests.faults.damage import damage_stores
from tests.faults.disk_full import fill_disk
from tests.faults.power_cut import cut_power


@pytest.fixture(autouse=True)
def _the_first_is_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(report, "HOPELESS", 1)
    monkeypatch.setattr(damage, "BASES", 4)


def test_power_cut_loses_nothing_that_was_saved() -> None:
    found = cut_power(images=400, variants=2)
    assert found.violations == [], found.text()
    assert found.counts["images"] == 400
    assert found.counts["saved records found"] > 300
    assert found.counts["synced"] > 30


def test_power_cut_finds_a_journal_that_does_not_wait_for_the_disk(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    append = FileJournal.append

    async def hasty(self: FileJournal, position: int, record: bytes) -> None:
        with mock.patch.object(os, "fsync", return_value=None):
            await append(self, position, record)

    monkeypatch.setattr(FileJournal, "append", hasty)
    assert "saved and lost" in cut_power(images=400, variants=3).text()


def test_power_cut_finds_a_folder_whose_name_is_not_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    def forgetful(folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)

    monkeypatch.setattr("client.device.native.make_folder", forgetful)
    assert "the enrolment is lost" in cut_power(images=200, variants=3).text()


def test_damaged_stores_are_recovered_or_reported() -> None:
    found = damage_stores(stores=100)
    assert found.violations == [], found.text()
    assert found.counts["whole"] > 70
    assert found.counts["damage reported"] > 0
    assert found.counts["rebuilt replicas"] > 10


def test_damage_finds_a_journal_without_its_copy(monkeypatch: pytest.MonkeyPatch) -> None:
    def none(self: FileJournal, content: bytes, copied: bytes) -> None:
        del content, copied
        self._copy_path.write_bytes(b"")

    monkeypatch.setattr(FileJournal, "_open_copy", none)
    assert "the queue is not whole" in damage_stores(stores=60).text()


def test_damage_finds_settings_without_a_checksum(monkeypatch: pytest.MonkeyPatch) -> None:
    async def trusting(self: FileSettings, name: str) -> bytes | None:
        path = self._path(name)
        return path.read_bytes()[:-4] if path.exists() else None

    monkeypatch.setattr(FileSettings, "get", trusting)
    assert "a record is called lost" in damage_stores(stores=40, seed=2).text()


def test_full_storage_refuses_and_loses_nothing() -> None:
    found = fill_disk(sizes=50)
    assert found.violations == [], found.text()
    assert found.counts["sizes that were full"] == 50
    assert found.counts["resumed"] == 50


def test_full_storage_without_a_file_system_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    found = fill_disk(sizes=12)
    assert found.violations == [], found.text()
    assert found.counts["sizes that were full"] == 12


def test_full_storage_finds_a_refusal_that_nobody_hears(monkeypatch: pytest.MonkeyPatch) -> None:
    append = FileJournal.append

    async def silent(self: FileJournal, position: int, record: bytes) -> None:
        try:
            await append(self, position, record)
        except StorageFullError:
            self._count += 1

    monkeypatch.setattr(FileJournal, "append", silent)
    monkeypatch.setattr(disk_full, "FEWEST_PAGES", 48)
    monkeypatch.setattr(disk_full, "RECORDS_MAX", 60)
    assert fill_disk(sizes=4).violations
