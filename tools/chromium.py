"""Chromium for the browser tests: the one that is here, or Debian's.

``python -m tools.chromium`` finds it, installs it where it may, and otherwise says
what to run. Tests ask `find` for the path.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

ENVIRONMENT = "LIANDONG_CHROMIUM"
COMMANDS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
APPLICATIONS = (
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
)
# Where `playwright install chromium` puts its own, on Linux and macOS.
PLAYWRIGHT = (
    (".cache/ms-playwright", "chromium-*/chrome-linux*/chrome"),
    ("Library/Caches/ms-playwright", "chromium-*/chrome-mac*/*.app/Contents/MacOS/*"),
)
ADVICE = f"""\
浏览器测试需要 Chromium / The browser tests need Chromium. Run one of these, then try again:
  Debian:    sudo apt-get install chromium
  elsewhere: .venv/bin/playwright install chromium
Or name your own: {ENVIRONMENT}=/path/to/chromium make test"""


def find() -> Path | None:
    """Find a Chromium; what the environment variable names comes first."""
    named = os.environ.get(ENVIRONMENT)
    if named:
        return Path(named)
    for command in COMMANDS:
        found = shutil.which(command)
        if found:
            return Path(found)
    kept = (path for folder, pattern in PLAYWRIGHT for path in (Path.home() / folder).glob(pattern))
    applications = (Path(path) for path in APPLICATIONS)
    return next((path for path in (*applications, *kept) if path.is_file()), None)


def install() -> bool:
    """Install Debian's Chromium; False where that is not ours to do."""
    if os.geteuid() != 0 or shutil.which("apt-get") is None:
        return False
    print("apt-get install chromium (约 100 MB / about 100 MB)", flush=True)
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for command in (
        ("apt-get", "update", "-qq"),
        ("apt-get", "install", "-y", "-qq", "--no-install-recommends", "chromium"),
    ):
        run = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        if run.returncode != 0:
            print(run.stdout, run.stderr, sep="\n")
            return False
    return True


def main() -> int:
    """Make sure that there is one, and name it."""
    path = find() or (find() if install() else None)
    if path is None:
        print(ADVICE)
        return 1
    print(path)
    return 0


if __name__ == "__main__":
    sys.exit(main())
