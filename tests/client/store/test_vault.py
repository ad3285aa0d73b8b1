from __future__ import annotations

import json
from pathlib import Path

import pytest

from client.device import StorageFullError
from client.device.native import FileSettings, NativeKeys
from client.store.vault import Vault
from shared.domain.refusals import RefusedError
from tests.client.phone import TurnableClock, stored

PIN, WRONG = "135791", "000000"


class Safe:
    """A vault over real files, and the clock that it waits by."""

    def __init__(self, folder: Path) -> None:
        self.clock = TurnableClock()
        self.settings = FileSettings(folder / "settings")
        self.keys = NativeKeys(folder / "keys.json", iterations=1)
        self.vault = self.fresh()

    def fresh(self) -> Vault:
        """Return the vault as the next start of the app has it."""
        return Vault(self.settings, self.keys, self.clock, staff_id="S1")

    async def fail(self, times: int) -> RefusedError:
        for _ in range(times):
            with pytest.raises(RefusedError) as refused:
                await self.vault.unlock(WRONG)
        return refused.value


@pytest.fixture
def safe(tmp_path: Path) -> Safe:
    return Safe(tmp_path)


async def test_vault_opens_with_its_pin_alone(safe: Safe) -> None:
    assert not await safe.vault.exists()
    key = await safe.vault.create(PIN)
    assert await safe.vault.exists()
    assert len(key) == 32
    assert await safe.vault.unlock(PIN) == key
    refusal = await safe.fail(1)
    assert (refusal.slug, refusal.facts) == ("pin-wrong", {"tries_left": 4})


@pytest.mark.parametrize("pin", ["12345", "1234567", "12345a", "１２３４５６", ""])
async def test_pin_is_six_digits(safe: Safe, pin: str) -> None:
    with pytest.raises(RefusedError) as refused:
        await safe.vault.create(pin)
    assert refused.value.slug == "pin-not-digits"
    assert not await safe.vault.exists()


async def test_data_key_is_nowhere_in_the_storage(safe: Safe, tmp_path: Path) -> None:
    key = await safe.vault.create(PIN)
    for content in stored(tmp_path):
        assert key not in content
        assert key.hex().encode() not in content


async def test_copied_vault_does_not_open_on_another_device(safe: Safe, tmp_path: Path) -> None:
    await safe.vault.create(PIN)
    thief = Vault(
        safe.settings, NativeKeys(tmp_path / "other", iterations=1), safe.clock, staff_id="S1"
    )
    with pytest.raises(RefusedError):
        await thief.unlock(PIN)


async def test_two_people_on_one_phone_have_two_vaults(safe: Safe) -> None:
    other = Vault(safe.settings, safe.keys, safe.clock, staff_id="S2")
    one, two = await safe.vault.create(PIN), await other.create("222222")
    assert one != two
    assert await other.unlock("222222") == two
    assert await safe.vault.unlock(PIN) == one


async def test_wrong_pins_cost_longer_and_longer_waits(safe: Safe) -> None:
    await safe.vault.create(PIN)
    assert (await safe.fail(5)).facts == {"tries_left": 0}
    for minutes in (1, 5, 15, 60, 60):
        assert await safe.vault.wait_s() == minutes * 60
        safe.clock.pass_s(minutes * 60 - 1)
        with pytest.raises(RefusedError) as refused:
            await safe.vault.unlock(PIN)
        assert (refused.value.slug, refused.value.facts) == ("pin-wait", {"wait_s": 1})
        safe.clock.pass_s(1)
        assert (await safe.fail(1)).slug == "pin-wrong"
    safe.clock.pass_s(3600)
    assert len(await safe.vault.unlock(PIN)) == 32
    assert await safe.vault.wait_s() == 0


async def test_turning_the_clock_does_not_shorten_a_wait(safe: Safe) -> None:
    await safe.vault.create(PIN)
    await safe.fail(5)
    safe.clock.wall += 10**9
    assert await safe.vault.wait_s() == 60


async def test_reboot_begins_the_wait_anew(safe: Safe) -> None:
    await safe.vault.create(PIN)
    await safe.fail(5)
    safe.clock.pass_s(50)
    safe.clock.reboot()
    assert await safe.vault.wait_s() == 60
    safe.clock.pass_s(59)
    assert await safe.vault.wait_s() == 1


async def test_try_counts_although_the_app_is_killed_while_it_computes(safe: Safe) -> None:
    class KilledError(Exception):
        pass

    class DyingKeys(NativeKeys):
        async def unlock_key(self, pin: str, salt: bytes) -> bytes:
            raise KilledError(pin, salt)

    await safe.vault.create(PIN)
    dying = Vault(safe.settings, DyingKeys(safe.keys._paths[0]), safe.clock, staff_id="S1")
    for _ in range(5):
        with pytest.raises(KilledError):
            await dying.unlock(WRONG)
    assert await safe.vault.wait_s() == 60


async def test_unreadable_count_is_read_as_many_wrong_tries(safe: Safe) -> None:
    await safe.vault.create(PIN)
    await safe.settings.put("pin-failures/S1", b"{")
    assert await safe.vault.wait_s() == 60


async def test_changed_pin_opens_the_same_key_and_the_old_one_nothing(safe: Safe) -> None:
    key = await safe.vault.create(PIN)
    await safe.vault.change_pin(PIN, "999999")
    assert await safe.vault.unlock("999999") == key
    assert (await safe.fail(1)).slug == "pin-wrong"
    with pytest.raises(RefusedError):
        await safe.vault.unlock(PIN)


async def test_pin_is_not_changed_to_a_bad_one_or_by_a_stranger(safe: Safe) -> None:
    key = await safe.vault.create(PIN)
    for old, new, slug in ((PIN, "12", "pin-not-digits"), (WRONG, "999999", "pin-wrong")):
        with pytest.raises(RefusedError) as refused:
            await safe.vault.change_pin(old, new)
        assert refused.value.slug == slug
    assert await safe.vault.unlock(PIN) == key


async def test_full_phone_opens_after_a_wait_that_no_start_shortens(
    safe: Safe, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = await safe.vault.create(PIN)
    with monkeypatch.context() as patch:
        patch.setattr(FileSettings, "put", no_room)
        for _ in range(3):  # Each start of the app waits as long, and tries once.
            safe.vault = safe.fresh()
            assert (await safe.fail(1)).facts == {"wait_s": 300}
            safe.clock.pass_s(299)
            assert (await safe.fail(1)).slug == "pin-wait-full"
            assert await safe.vault.wait_s() == 1
            safe.clock.pass_s(1)
            assert (await safe.fail(1)).slug == "pin-wrong"
            assert await safe.vault.wait_s() == 300
        safe.clock.pass_s(300)
        assert await safe.vault.unlock(PIN) == key


async def test_full_phone_counts_what_it_can_and_forgets_no_wait(
    safe: Safe, monkeypatch: pytest.MonkeyPatch
) -> None:
    await safe.vault.create(PIN)
    await safe.fail(7)
    safe.clock.pass_s(60)
    await safe.fail(1)
    with monkeypatch.context() as patch:
        patch.setattr(FileSettings, "put", no_room)
        safe.vault = safe.fresh()
        assert (await safe.fail(1)).slug == "pin-wait"
        safe.clock.pass_s(300)
        assert (await safe.fail(1)).facts == {"wait_s": 300}
        safe.clock.pass_s(300)
        assert (await safe.fail(1)).slug == "pin-wrong"
        assert await safe.vault.wait_s() == 900
    # With room again, what was counted in memory is written down.
    assert (await safe.fail(1)).slug == "pin-wait"
    assert await safe.fresh().wait_s() == 900


async def test_room_made_ends_the_wait_for_it(safe: Safe, monkeypatch: pytest.MonkeyPatch) -> None:
    key = await safe.vault.create(PIN)
    with monkeypatch.context() as patch:
        patch.setattr(FileSettings, "put", no_room)
        await safe.fail(1)
    assert await safe.vault.unlock(PIN) == key


async def no_room(self: FileSettings, name: str, value: bytes) -> None:
    raise StorageFullError(self, name, value)


async def test_phone_without_room_for_a_second_copy_keeps_the_pin_as_it_was(
    safe: Safe, monkeypatch: pytest.MonkeyPatch
) -> None:
    put = FileSettings.put

    async def room_for_copy(self: FileSettings, name: str, value: bytes) -> None:
        if name == "vault/S1":
            raise StorageFullError
        await put(self, name, value)

    with monkeypatch.context() as patch:
        patch.setattr(FileSettings, "put", room_for_copy)
        with pytest.raises(StorageFullError):
            await safe.vault.create(PIN)
    assert not await safe.vault.exists()
    key = await safe.vault.create(PIN)
    with monkeypatch.context() as patch:
        patch.setattr(FileSettings, "put", room_for_copy)
        with pytest.raises(StorageFullError):
            await safe.vault.change_pin(PIN, "999999")
    assert await safe.vault.unlock(PIN) == key


@pytest.mark.parametrize("damaged", [b"", b"{}", b"[]", b'{"salt":"AA","wrapped":"AA","crc":1}'])
async def test_one_damaged_copy_of_the_vault_is_no_loss(safe: Safe, damaged: bytes) -> None:
    key = await safe.vault.create(PIN)
    await safe.settings.put("vault/S1", damaged)
    assert await safe.vault.unlock(PIN) == key
    await safe.settings.put("vault-copy/S1", damaged)
    with pytest.raises(RefusedError) as refused:
        await safe.vault.unlock(PIN)
    assert refused.value.slug == "vault-damaged"


async def test_flipped_bit_in_the_wrapped_key_is_seen_as_damage(safe: Safe) -> None:
    key = await safe.vault.create(PIN)
    content = await safe.settings.get("vault/S1")
    assert content is not None
    kept = json.loads(content)
    first = "B" if kept["wrapped"][0] == "A" else "A"
    kept["wrapped"] = first + kept["wrapped"][1:]
    await safe.settings.put("vault/S1", json.dumps(kept).encode())
    assert await safe.vault.unlock(PIN) == key


async def test_vault_whose_secrets_are_lost_is_damaged_and_no_pin_is_wrong(safe: Safe) -> None:
    await safe.vault.create(PIN)
    await safe.keys.forget()
    with pytest.raises(RefusedError) as refused:
        await safe.vault.unlock(PIN)
    assert refused.value.slug == "vault-damaged"


async def test_vault_of_before_the_secrets_were_named_opens(safe: Safe) -> None:
    key = await safe.vault.create(PIN)
    content = await safe.settings.get("vault/S1")
    assert content is not None
    kept = json.loads(content)
    del kept["device"]
    await safe.settings.put("vault/S1", json.dumps(kept).encode())
    assert await safe.vault.unlock(PIN) == key
    with pytest.raises(RefusedError) as refused:
        await safe.vault.unlock(WRONG)
    assert refused.value.slug == "pin-wrong"


async def test_damage_below_the_settings_is_no_missing_vault(safe: Safe, tmp_path: Path) -> None:
    """What can't be read back was there: nothing may be put in its place unasked."""
    key = await safe.vault.create(PIN)
    folder = tmp_path / "settings"
    (folder / "vault%2FS1").write_bytes(b"spoilt")
    assert await safe.vault.unlock(PIN) == key
    (folder / "vault-copy%2FS1").write_bytes(b"spoilt")
    assert await safe.vault.exists()
    with pytest.raises(RefusedError) as refused:
        await safe.vault.unlock(PIN)
    assert refused.value.slug == "vault-damaged"
    await safe.vault.set_aside()
    assert not await safe.vault.exists()
    (folder / "pin-failures%2FS1").write_bytes(b"spoilt")
    assert await safe.vault.wait_s() == 60


async def test_vault_set_aside_makes_room_and_is_kept(safe: Safe, tmp_path: Path) -> None:
    await safe.vault.create(PIN)
    await safe.fail(5)
    await safe.settings.delete("vault-copy/S1")
    first = await safe.settings.get("vault/S1")
    await safe.vault.set_aside()
    assert not await safe.vault.exists()
    assert await safe.vault.wait_s() == 0
    key = await safe.vault.create("999999")
    second = await safe.settings.get("vault/S1")
    await safe.vault.set_aside()
    assert {first, second} <= {content[:-4] for content in stored(tmp_path / "settings")}
    assert await safe.vault.create(PIN) != key
