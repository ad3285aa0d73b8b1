"""The files of a site while it is being built, in memory, by their path from the root."""

from __future__ import annotations

import hashlib
from base64 import b64encode
from collections.abc import Collection, Iterator
from pathlib import Path

__all__ = ["SiteFiles"]


class SiteFiles:
    """Files by path; each path is given once, so that no two parts overwrite each other."""

    def __init__(self) -> None:
        self._contents: dict[str, bytes] = {}

    def add(self, path: str, content: bytes) -> None:
        """Put *content* at *path* (relative, with `/`).

        Raises:
            ValueError: The path is taken.
        """
        if path in self._contents:
            raise ValueError(f"two parts of the build write {path}")
        self._contents[path] = content

    def add_folder(self, folder: Path, *, but: Collection[str] = ()) -> None:
        """Put everything under *folder*, *but* some, at the same place below the root."""
        for file in sorted(folder.rglob("*")):
            path = file.relative_to(folder).as_posix()
            if file.is_file() and not file.name.startswith(".") and path not in but:
                self.add(path, file.read_bytes())

    def __iter__(self) -> Iterator[tuple[str, bytes]]:
        return iter(sorted(self._contents.items()))

    def integrity(self, path: str) -> str:
        """Return the digest of *path* in the form of HTML's integrity attribute."""
        digest = hashlib.sha256(self._contents[path]).digest()
        return f"sha256-{b64encode(digest).decode()}"

    def write_to(self, folder: Path) -> None:
        """Write all files below *folder*, which must not exist yet."""
        folder.mkdir(parents=True)
        for path, content in self:
            target = folder / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content)
