"""Truths about the repository itself."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from tools import lock

ROOT = Path(__file__).resolve().parent.parent
LARGEST = 6_000_000

# Where packages come from is the business of the machine that installs them.
HOSTS = re.compile(
    r"\b(?:files\.)?py(?:pi|thonhosted)\.org\b|\bregistry\.npmjs\.org\b|\bdeb\.debian\.org\b"
)
PLACES = re.compile(r"(?<![\w.])/(?:work|home|root|Users)/[\w.]")


def tracked() -> list[Path]:
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    return sorted({ROOT / name for name in names.split("\0") if name and (ROOT / name).is_file()})


def texts() -> list[tuple[Path, str]]:
    found = []
    for path in tracked():
        try:
            found.append((path, path.read_text(encoding="utf-8")))
        except UnicodeDecodeError:
            continue
    return found


@pytest.mark.parametrize("pattern", [HOSTS, PLACES], ids=["registry host", "someone's folder"])
def test_no_file_names_a(pattern: re.Pattern[str]) -> None:
    named = [
        f"{path.relative_to(ROOT)}: {match[0]}"
        for path, text in texts()
        if path != Path(__file__)
        for match in pattern.finditer(text)
    ]
    assert not named


def test_no_file_is_large() -> None:
    assert not [path for path in tracked() if path.stat().st_size > LARGEST]


def test_locks_answer_to_pyproject() -> None:
    assert lock.stale_locks() == []


@pytest.mark.parametrize("name", lock.TITLES)
def test_every_locked_package_has_one_version_and_hashes(name: str) -> None:
    text = (lock.LOCKS / name).read_text(encoding="utf-8").replace("\\\n", " ")
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    assert lines
    loose = [
        line
        for line in lines
        if not re.fullmatch(r"[\w.\[\]-]+==\S+( ;.*?)? +(--hash=sha256:[0-9a-f]{64} *)+", line)
    ]
    assert loose == []


def test_server_lock_is_part_of_the_whole() -> None:
    def pins(name: str) -> set[str]:
        return set(
            re.findall(r"^[\w.\[\]-]+==\S+", (lock.LOCKS / name).read_text("utf-8"), re.MULTILINE)
        )

    assert pins("server.txt") | pins("uv.txt") <= pins("dev.txt")
    assert not any(pin.startswith("flet") for pin in pins("server.txt"))


@pytest.mark.parametrize("command", ["make demo", "make test"])
def test_readme_names(command: str) -> None:
    assert command in (ROOT / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("target", ["demo", "test", "lint", "format", "web", "lock", "clean"])
def test_make_help_lists(target: str) -> None:
    listed = subprocess.run(["make", "-s", "help"], cwd=ROOT, check=True, capture_output=True)
    assert f"make {target} " in listed.stdout.decode()
