"""Brotli and gzip copies beside each file that gains from them, so that no server compresses."""

from __future__ import annotations

import gzip
import hashlib
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from client.web.site_files import SiteFiles

__all__ = ["compressed_copies"]

# Already compressed inside.
INCOMPRESSIBLE = (".png", "_headers.json")
SMALL_BYTES_MAX = 1024

BROTLI_LEVEL = 9
# A tenth smaller, in six times the time: for the big files that come with Flet, which change
# with its version alone, so that the cache has them.
BROTLI_LEVEL_OF_FLETS = 10
FLETS = ("canvaskit/", "main.dart.js", "pyodide/")
BROTLI_WINDOW_BITS = 24


def compressed_copies(site: SiteFiles, cache: Path) -> Iterator[tuple[str, bytes]]:
    """Yield `path.br` and `path.gz` with their bytes; *cache* keeps them from build to build."""
    worthy = [
        (path, content)
        for path, content in site
        if len(content) > SMALL_BYTES_MAX and not path.endswith(INCOMPRESSIBLE)
    ]
    cache.mkdir(parents=True, exist_ok=True)
    with ProcessPoolExecutor() as pool:
        keyed = [(path, cache / _name(path, content)) for path, content in worthy]
        waiting = {
            path: pool.submit(_compress_into, content, kept, _level(path))
            for (path, kept), (_, content) in zip(keyed, worthy, strict=True)
            if not _copy(kept, ".br").exists()
        }
        for path, kept in keyed:
            if path in waiting:
                waiting[path].result()
            yield f"{path}.br", _copy(kept, ".br").read_bytes()
            yield f"{path}.gz", _copy(kept, ".gz").read_bytes()


def _name(path: str, content: bytes) -> str:
    return f"{hashlib.sha256(content).hexdigest()}-{_level(path)}"


def _copy(kept: Path, suffix: str) -> Path:
    return kept.with_name(kept.name + suffix)


def _level(path: str) -> int:
    return BROTLI_LEVEL_OF_FLETS if path.startswith(FLETS) else BROTLI_LEVEL


def _compress_into(content: bytes, kept: Path, level: int) -> None:
    import brotli  # noqa: PLC0415 - a build with nothing to do must not need it

    packed = {
        ".gz": gzip.compress(content, mtime=0),
        ".br": brotli.compress(content, quality=level, lgwin=BROTLI_WINDOW_BITS),
    }
    # .br last: its presence says that both are whole.
    for suffix, data in packed.items():
        half = _copy(kept, f"{suffix}.half")
        half.write_bytes(data)
        half.replace(_copy(kept, suffix))
