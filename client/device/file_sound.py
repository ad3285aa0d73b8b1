"""A file in the place of a microphone: for desktops without one, for tests and simulations."""

from __future__ import annotations

from pathlib import Path

from client.device import MicrophoneRefusedError

__all__ = ["FileSound"]


class FileSound:
    """A `Sound` that records what a file holds, and remembers what it played."""

    def __init__(self, path: Path) -> None:
        """Record the content of *path*, as it is when the recording ends."""
        self._path = path
        self._is_recording = False
        self.played: tuple[str, bytes] | None = None

    async def start(self) -> None:
        """Begin to record.

        Raises:
            MicrophoneRefusedError: There is no such file.
        """
        if not self._path.exists():
            raise MicrophoneRefusedError
        self._is_recording = True

    async def stop(self) -> bytes:
        """End the recording; return the file, or nothing when none was begun."""
        was_recording, self._is_recording = self._is_recording, False
        return self._path.read_bytes() if was_recording else b""

    async def play(self, content: bytes, media_type: str) -> None:
        """Remember what was to be heard."""
        self.played = (media_type, content)
