"""The lock files: what exactly is installed, by version and hash.

``python -m tools.lock`` compiles them anew; ``--check`` says, without any network,
whether they still answer to pyproject.toml.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
LOCKS = ROOT / "locks"
UV = Path(sys.executable).with_name("uv")

HEADER = """\
# {title}
# Compiled by `make lock`; edit pyproject.toml instead.
# inputs: {digest}
"""
TITLES = {
    "dev.txt": "Everything: what the app, the server, the tests and the checks need.",
    "server.txt": "A production server, and nothing else.",
    "uv.txt": "What installs and builds all others.",
}
# Written by the file's own rules, so that a setting of the machine can't slip in.
COMPILE = (
    "pip",
    "compile",
    "--quiet",
    "--universal",
    "--python-version=3.11",
    "--generate-hashes",
    "--no-header",
    "--no-annotate",
    "--no-emit-index-url",
    "--no-emit-find-links",
)


def main() -> int:
    """Compile the lock files, or check them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="compare only; needs no network")
    parser.add_argument("--upgrade", action="store_true", help="take the newest versions allowed")
    arguments = parser.parse_args()
    stale = stale_locks()
    if arguments.check:
        for name in stale:
            print(f"locks/{name} does not answer to pyproject.toml: run `make lock`")
        return 1 if stale else 0
    compile_locks(upgrade=arguments.upgrade)
    return 0


def stale_locks() -> list[str]:
    """Name the lock files that were compiled from something else than pyproject.toml now says."""
    digests = {name: _digest(name) for name in TITLES}
    return [name for name, digest in digests.items() if _recorded(LOCKS / name) != digest]


def compile_locks(*, upgrade: bool) -> None:
    """Compile all lock files; the smaller ones take their versions from the whole."""
    extras = tuple(f"--extra={name}" for name in _project()["project"]["optional-dependencies"])
    newest = ("--upgrade",) if upgrade else ()
    whole = ("pyproject.toml", *extras, "--group=dev")
    _compile("dev.txt", whole, newest)
    for name in ("server.txt", "uv.txt"):
        requirements = "\n".join(_inputs(name)["requirements"])
        _compile(name, ("-", f"--constraint={LOCKS / 'dev.txt'}"), newest, stdin=requirements)


def _compile(
    name: str, what: tuple[str, ...], options: tuple[str, ...], *, stdin: str | None = None
) -> None:
    path = LOCKS / name
    command = (str(UV), *COMPILE, *options, *what, f"--output-file={path}")
    subprocess.run(command, cwd=ROOT, check=True, text=True, input=stdin, stdout=subprocess.DEVNULL)
    text = path.read_text(encoding="utf-8")
    # Index options of the machine's own configuration may still come through.
    lines = [
        line
        for line in text.splitlines()
        if not re.match(r"\s*(--[a-z-]*(index|find|trusted)|#)", line)
    ]
    header = HEADER.format(title=TITLES[name], digest=_digest(name))
    path.write_text(header + "\n" + "\n".join(lines).strip() + "\n", encoding="utf-8")
    print(f"locks/{name}: {sum('==' in line for line in lines)} packages")


def _project() -> dict[str, Any]:
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def _inputs(name: str) -> dict[str, Any]:
    project = _project()
    extras = project["project"]["optional-dependencies"]
    groups = project["dependency-groups"]
    if name == "server.txt":
        return {"requirements": extras["server"]}
    if name == "uv.txt":
        return {"requirements": groups["env"]}
    return {
        "python": project["project"]["requires-python"],
        "requirements": project["project"]["dependencies"],
        "extras": extras,
        "groups": groups,
    }


def _digest(name: str) -> str:
    canonical = json.dumps(_inputs(name), sort_keys=True, ensure_ascii=False)
    return f"sha256:{hashlib.sha256(canonical.encode()).hexdigest()}"


def _recorded(path: Path) -> str | None:
    if not path.exists():
        return None
    found = re.search(r"^# inputs: (\S+)$", path.read_text(encoding="utf-8"), re.MULTILINE)
    return found and found[1]


if __name__ == "__main__":
    sys.exit(main())
