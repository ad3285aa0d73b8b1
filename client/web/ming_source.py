"""HanaMinB, the one free font with every ideograph of GB18030-2022's extensions: Debian's package.

No Python package carries it. Where it is not installed it is fetched and unpacked into the build's
cache, which needs no root; without Debian's tools the build goes on without it, and says so.
"""

from __future__ import annotations

import hashlib
import logging
import shutil
import subprocess
import tempfile
from pathlib import Path

__all__ = ["hanazono_file"]

PACKAGE = "fonts-hanazono"
FONT = "usr/share/fonts/truetype/hanazono/HanaMinB.ttf"
# Of the last release there is (2017-09-04): another file would be another font.
SHA256 = "829543436cdf7b4c6730e2af5806fa406f8ddf0d4b656e0cd49c58d4db1c8d3c"
DOWNLOAD_S_MAX = 300

logger = logging.getLogger(__name__)


def hanazono_file(cache: Path) -> Path | None:
    """Return the font as it is installed, or kept in *cache*; None where it can't be had."""
    installed, kept = Path("/", FONT), cache / Path(FONT).name
    for path in (installed, kept):
        if path.is_file() and _digest(path) == SHA256:
            return path
    try:
        _unpack(kept)
    except (OSError, subprocess.SubprocessError, ValueError) as error:
        logger.warning(
            "没有生僻字字体，扩展 B 至 F 区大部分字会显示成方框 / no font for the rarest names: "
            "install Debian's %s and build again (%s)",
            PACKAGE,
            error,
        )
        return None
    return kept


def _unpack(kept: Path) -> None:
    if shutil.which("apt-get") is None or shutil.which("dpkg-deb") is None:
        raise ValueError("apt-get and dpkg-deb are not here")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        # Apt fetches as a user of its own, who must be able to write here.
        folder.chmod(0o777)
        try:
            _download(folder)
        except subprocess.CalledProcessError:  # A fresh machine has no lists yet.
            _run("apt-get", "update", "-qq", folder=folder)
            _download(folder)
        (package,) = folder.glob("*.deb")
        _run("dpkg-deb", "--extract", str(package), "unpacked", folder=folder)
        unpacked = folder / "unpacked" / FONT
        if _digest(unpacked) != SHA256:
            raise ValueError(f"{PACKAGE} is not the release that is known")
        kept.parent.mkdir(parents=True, exist_ok=True)
        shutil.move(unpacked, kept)


def _download(folder: Path) -> None:
    logger.info("apt-get download %s (22 MB, once)", PACKAGE)
    _run("apt-get", "download", "-qq", PACKAGE, folder=folder)


def _run(*command: str, folder: Path) -> None:
    subprocess.run(  # noqa: S603 - the commands above, and nobody's input
        command, cwd=folder, check=True, capture_output=True, timeout=DOWNLOAD_S_MAX
    )


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
