"""What a harness found: counts, and every broken promise; printed as a table."""

from __future__ import annotations

import contextlib
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

__all__ = ["Report", "scratch_folder"]

SHOWN_MAX = 12
HOPELESS = 200
_MEMORY = Path("/dev/shm")  # noqa: S108 - a folder of our own is made within


@dataclass
class Report:
    """The result of one harness."""

    name: str
    settings: Mapping[str, object]
    counts: Counter[str] = field(default_factory=Counter)
    violations: list[str] = field(default_factory=list)
    started_s: float = field(default_factory=time.perf_counter)

    @property
    def is_hopeless(self) -> bool:
        """Tell whether so much is broken that going on tells nothing new."""
        return len(self.violations) >= HOPELESS

    def violate(self, what: str) -> None:
        """Note a broken promise."""
        self.violations.append(what)

    @contextlib.contextmanager
    def trying(self, where: str) -> Iterator[None]:
        """Note whatever the block raises as a broken promise: nothing may fail after a fault."""
        try:
            yield
        except Exception as error:  # noqa: BLE001 - a crash is what we look for
            self.violate(f"{where}: {type(error).__name__}: {error} ({_place(error)})")

    def text(self) -> str:
        """Return the table."""
        settings = ", ".join(f"{name} {value}" for name, value in self.settings.items())
        rows = dict(self.counts)
        rows["seconds"] = round(time.perf_counter() - self.started_s)
        rows["violations"] = len(self.violations)
        width = max(len(name) for name in rows)
        lines = [f"{self.name} ({settings})"]
        lines += [f"  {name:<{width}} {value:>12,}" for name, value in rows.items()]
        lines += [f"  ! {what}" for what in self.violations[:SHOWN_MAX]]
        if len(self.violations) > SHOWN_MAX:
            lines.append(f"  ! and {len(self.violations) - SHOWN_MAX} more")
        return "\n".join(lines)


def _place(error: BaseException) -> str:
    """Return where it was raised."""
    frame = traceback.extract_tb(error.__traceback__)[-1]
    return f"{Path(frame.filename).name}:{frame.lineno} {frame.name}"


@contextlib.contextmanager
def scratch_folder() -> Iterator[Path]:
    """Give a folder that is gone afterwards, in memory where the machine has such."""
    base = _MEMORY if _MEMORY.is_dir() else None
    with tempfile.TemporaryDirectory(prefix="liandong-faults-", dir=base) as folder:
        yield Path(folder)
