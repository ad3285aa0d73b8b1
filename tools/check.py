"""All that must hold before a change goes in: ``python -m tools.check [step ...]``.

The steps run one after the other, cheapest first; the first that fails ends the run
and is named.
"""

from __future__ import annotations

import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BIN = Path(sys.executable).parent
PYTHON = sys.executable


@dataclass(frozen=True)
class Step:
    """One check: its name, what it tells, and the commands that must all succeed."""

    name: str
    title: str
    commands: tuple[tuple[str, ...], ...]


def _tool(name: str, *arguments: str) -> tuple[str, ...]:
    return (str(BIN / name), *arguments)


STEPS = (
    Step("format", "格式 / format", (_tool("ruff", "format", "--check", "."),)),
    Step("style", "代码规范 / style", (_tool("ruff", "check", "."),)),
    Step("locks", "依赖锁定 / lock files", ((PYTHON, "-m", "tools.lock", "--check"),)),
    Step("dependencies", "依赖声明 / declared dependencies", (_tool("deptry", "."),)),
    Step("imports", "模块边界 / import contracts", (_tool("lint-imports", "--no-cache"),)),
    Step("types", "类型 / types", (_tool("mypy"),)),
    Step(
        "tests",
        "测试 / tests on SQLite and PostgreSQL",
        (_tool("pytest", "-n", "2", "-m", "not browser and not night"),),
    ),
    Step("web", "网页应用 / web app", ((PYTHON, "-m", "client.web.build", "--out", "build/web"),)),
    Step(
        "browser",
        "浏览器测试 / browser tests",
        ((PYTHON, "-m", "tools.chromium"), _tool("pytest", "-m", "browser and not night")),
    ),
)


def main(names: list[str]) -> int:
    """Run the named steps, or all."""
    known = [step.name for step in STEPS]
    unknown = set(names) - set(known)
    if unknown:
        print(f"no such step: {', '.join(sorted(unknown))}; there are: {', '.join(known)}")
        return 2
    chosen = [step for step in STEPS if not names or step.name in names]
    times: list[tuple[str, float]] = []
    for number, step in enumerate(chosen, start=1):
        print(f"\n=== {number}/{len(chosen)} {step.name}: {step.title}", flush=True)
        started = time.monotonic()
        for command in step.commands:
            code = subprocess.run(command, cwd=ROOT, check=False).returncode
            if code != 0:
                print(f"\n!!! 未通过 / failed: {step.name} ({' '.join(command)}; exit {code})")
                return 1
        times.append((step.name, time.monotonic() - started))
    told = ", ".join(f"{name} {seconds:.0f} s" for name, seconds in times)
    print(f"\n=== 全部通过 / all passed: {told}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
