"""Measures cells one after the other: what is known is not measured again, what fails is told and left out."""

from __future__ import annotations

import contextlib
import shutil
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from lab.evaluate import bootstraps, comparison, competing, faults, processor, simulation, together
from lab.evaluate.cache import Cache, Measured
from lab.evaluate.grid import Cell
from lab.evaluate.world import World
from lab.proc import LabError

# Cells of these are measured in the world that all share.
IN_WORLD: dict[str, Callable[[World, Cell], dict[str, Any]]] = {
    "bootstraps": bootstraps.measure,
    "comparison": comparison.measure,
    "competing": competing.measure,
    "faults": faults.measure,
    "processor": processor.measure,
}
# And of these in a folder.
ALONE: dict[str, Callable[[Path, Cell], dict[str, Any]]] = {
    "together": together.measure,
    "simulation": simulation.measure,
}

# A world takes about so long to build.
WORLD_SECONDS = 25.0


@dataclass(frozen=True)
class Failure:
    """A cell that could not be measured, and why, in one line."""

    cell: Cell
    reason: str


@dataclass
class Outcome:
    measured: list[Measured] = field(default_factory=list)
    failures: list[Failure] = field(default_factory=list)


class Estimate:
    """The time that is left: what cells are thought to take, mended by what those before have taken."""

    def __init__(self, coming: Sequence[Cell]) -> None:
        self._coming = sum(cell.seconds for cell in coming)
        self._thought = 0.0
        self._taken = 0.0

    def took(self, cell: Cell, seconds: float) -> None:
        self._coming -= cell.seconds
        self._thought += cell.seconds
        self._taken += seconds

    def left(self) -> float:
        """In seconds; the more has been measured, the more that counts."""
        # As if two minutes had been measured that took what was thought.
        factor = (120 + self._taken) / (120 + self._thought)
        return max(0.0, self._coming) * factor


class Runner:
    def __init__(self, cache: Cache, seed: int, say: Callable[[str], None], describe: Callable[[Measured], str]) -> None:
        self._cache, self._seed, self._say, self._describe = cache, seed, say, describe
        self._worlds = contextlib.ExitStack()
        self._world: World | None = None
        self._failed_in_a_row = 0

    def run(self, cells: Sequence[Cell]) -> Outcome:
        """Everything is stopped and removed when it returns, or is interrupted."""
        outcome = Outcome()
        known = {cell.title(): self._cache.find(cell) for cell in cells}
        missing = [cell for cell in cells if known[cell.title()] is None]
        estimate = Estimate(missing)
        again = f", {len(cells) - len(missing)} of them known from before" if len(missing) < len(cells) else ""
        self._say(f"{len(cells)} cells{again}; about {minutes(estimate.left() + (WORLD_SECONDS if missing else 0))}")
        with contextlib.ExitStack() as stack:
            stack.callback(self._drop_world)
            for number, cell in enumerate(cells, 1):
                found = known[cell.title()]
                if found is not None:
                    outcome.measured.append(found)
                    continue
                self._measure(f"[{number:>{len(str(len(cells)))}}/{len(cells)}]", cell, outcome, estimate)
        return outcome

    def _measure(self, label: str, cell: Cell, outcome: Outcome, estimate: Estimate) -> None:
        began = time.monotonic()
        try:
            figures = self._figures(cell)
        except Exception as error:  # one cell's failure, whatever it is, must not cost the others
            taken = time.monotonic() - began
            reason = str(error) if isinstance(error, (LabError, OSError)) else repr(error)
            outcome.failures.append(Failure(cell, reason))
            estimate.took(cell, taken)
            self._say(f"{label} {cell.title()}: FAILED after {taken:.0f} s: {reason}")
            if isinstance(error, LabError) and error.log is not None:
                self._say("\n".join(f"      {line}" for line in error.report().splitlines()[1:]))
            self._after_failure()
            return
        taken = time.monotonic() - began
        measured = Measured(cell, figures, taken, datetime.now().astimezone().isoformat(timespec="seconds"))
        self._cache.keep(measured)
        outcome.measured.append(measured)
        self._failed_in_a_row = 0
        estimate.took(cell, taken)
        self._say(f"{label} {cell.title()}: {self._describe(measured)}; {taken:.0f} s, {minutes(estimate.left())} left")

    def _figures(self, cell: Cell) -> dict[str, Any]:
        if cell.experiment in ALONE:
            # Nothing else should be running beside it.
            self._drop_world()
            with _folder() as folder:
                return ALONE[cell.experiment](folder, cell)
        return IN_WORLD[cell.experiment](self._in_world(), cell)

    def _in_world(self) -> World:
        if self._world is None:
            began = time.monotonic()
            folder = self._worlds.enter_context(_folder())
            try:
                self._world = self._worlds.enter_context(World(folder, self._seed))
            except BaseException:
                self._drop_world()
                raise
            self._say(f"a private tor network at the far end of an emulated link, after {time.monotonic() - began:.0f} s")
        return self._world

    def _after_failure(self) -> None:
        """The next one begins with a new world if this one is not whole, or if it may not be."""
        self._failed_in_a_row += 1
        if self._world is not None:
            try:
                self._world.check()
                whole = self._failed_in_a_row < 2
            except Exception:
                whole = False
            if not whole:
                self._drop_world()

    def _drop_world(self) -> None:
        self._world = None
        self._worlds.close()


@contextlib.contextmanager
def _folder() -> Any:
    name = tempfile.mkdtemp(prefix="evaluate-")
    try:
        yield Path(name)
    finally:
        shutil.rmtree(name, ignore_errors=True)


def minutes(seconds: float) -> str:
    """For people."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    if seconds < 5400:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.1f} h"
