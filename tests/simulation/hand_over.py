"""Files that people pass on: bundles for colleagues to carry, and the answers on their way back."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass, field

from client.engine import Field
from client.status import ExportedFile
from shared.wire.bundles import bundle_digest
from tests.simulation.phones import Phone
from tests.simulation.trace import Trace, short

__all__ = ["Sticks"]


@dataclass
class Sticks:
    """All files that were ever passed on: none is lost, any may be taken in again, or never.

    With *is_damaging* some arrive cut short or with a flipped bit.
    """

    chance: random.Random
    trace: Trace
    is_damaging: bool
    _files: list[tuple[bytes, str]] = field(default_factory=list)
    _origins: dict[str, str] = field(default_factory=dict)

    async def filled_by(self, phone: Phone) -> None:
        """Let somebody save an answer that they have carried, or what waits on their phone."""
        app = phone.open
        if app is None:
            return
        answered = [one.digest for one in app.hand_over.carried() if one.has_answer]
        if answered and self.chance.random() < 0.6:
            digest = answered[self.chance.randrange(len(answered))]
            made = await phone.run(_handed_back(app, digest))
            addressee = self._origins.get(digest, "")
        elif app.status.waiting:
            made, addressee = await phone.run(app.hand_over.export()), ""
        else:
            return
        if made is None:
            return
        if not addressee:
            self._origins[bundle_digest(made.content)] = phone.name
        self._files.append((made.content, addressee))
        self.trace.note(f"  {phone.name} saves {short(made.content)}")

    def drawn(self, phones: Mapping[str, Phone]) -> tuple[bytes, Phone] | None:
        """Return a file and who takes it in; the answers mostly find their way."""
        if not self._files:
            return None
        # The latest ones move; an old one turns up now and then.
        among = self._files[-4:] if self.chance.random() < 0.8 else self._files
        content, addressee = among[self.chance.randrange(len(among))]
        names = sorted(phones)
        anybody = names[self.chance.randrange(len(names))]
        is_delivered = addressee in phones and self.chance.random() < 0.8
        if self.is_damaging and self.chance.random() < 0.3:
            content = self._damaged(content)
        return content, phones[addressee if is_delivered else anybody]

    def latest(self, phones: Mapping[str, Phone]) -> tuple[bytes, Phone] | None:
        """Return the file that was saved last, if it is an answer, and whom it is for."""
        content, addressee = self._files[-1] if self._files else (b"", "")
        return (content, phones[addressee]) if addressee in phones else None

    async def taken_by(self, phone: Phone, content: bytes) -> None:
        """Let somebody take a file in."""
        if phone.open is None:
            return
        taken = await phone.run(phone.open.hand_over.take(content))
        if taken is not None:
            phone.note_accepted()
            what = "a bundle" if taken.bundle else f"receipts for {taken.settled}"
            self.trace.note(f"  {phone.name} takes {what} {short(content)}")

    def _damaged(self, content: bytes) -> bytes:
        at = self.chance.randrange(len(content))
        if self.chance.random() < 0.5:
            return content[:at]
        flipped = content[at] ^ 1 << self.chance.randrange(8)
        return content[:at] + bytes([flipped]) + content[at + 1 :]


async def _handed_back(app: Field, digest: str) -> ExportedFile:
    made = await app.hand_over.answer(digest)
    await app.hand_over.note_handed_back(digest)
    return made
