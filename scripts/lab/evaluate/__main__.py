"""The command: measures what is missing, writes the report, and says by its exit status whether the headline claims held."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from lab.evaluate import claims, grid, results, versions
from lab.evaluate.cache import Cache, Measured
from lab.evaluate.grid import EXPERIMENTS, SIZES, Cell
from lab.evaluate.report import Report, write_markdown
from lab.evaluate.runner import Outcome, Runner, minutes
from lab.interrupts import Interrupted, raise_on_signals
from lab.proc import LabError

# sysexits.h, EX_SOFTWARE: the evaluation itself did not work.
_BROKEN = 70


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="scripts/evaluate",
        description="Evaluates this transport against an unchanged tor and obfs4, on a private Tor network and emulated links on this machine, "
        "without the internet, and writes a report: one HTML page, with its data as JSON and CSV beside it.",
        epilog="Needs root, for network namespaces. May be interrupted: the same command goes on where it was. "
        "Exit status: 0 if all headline claims that were measured hold, 1 if one does not, 2 for a wrong command line, "
        "69 if something that is needed is missing, 70 if the evaluation itself failed, 128 and the signal's number if interrupted.",
    )
    size = parser.add_mutually_exclusive_group()
    size.add_argument("--quick", dest="size", action="store_const", const="quick", help="two links, four transports, one run: less than ten minutes")
    size.add_argument("--standard", dest="size", action="store_const", const="standard", help="eight links, five transports, three runs: less than ninety minutes (default)")
    size.add_argument("--full", dest="size", action="store_const", const="full", help="78 links, eight transports, five runs: some forty hours")
    parser.add_argument("--only", action="append", choices=tuple(EXPERIMENTS), metavar="EXPERIMENT", help="only this one, or several: " + "; ".join(f"{name} ({words})" for name, words in EXPERIMENTS.items()))
    parser.add_argument("--links", default="", metavar="TEXT", help="of the comparison, only links with this in their name")
    parser.add_argument("--transports", default="", metavar="TEXT", help="of the comparison, only transports with this in their name")
    parser.add_argument("--seed", type=int, default=1, help="decides which packets are lost (default: 1)")
    parser.add_argument("--output", type=Path, default=versions.TOP / "target/evaluate", metavar="DIR", help="for report, data and measured cells (default: target/evaluate)")
    parser.add_argument("--results", type=Path, metavar="FILE", help="write a short page of Markdown too, and its figures into a folder beside it")
    parser.add_argument("--plan", action="store_true", help="say what would be measured, and how long it would take, and do nothing")
    parser.set_defaults(size="standard")
    return parser.parse_args(arguments)


def chosen(options: argparse.Namespace, cells: Sequence[Cell]) -> list[Cell]:
    """Those of the size's cells that a command line asks for."""
    found = [
        cell
        for cell in cells
        if cell.experiment in (options.only or EXPERIMENTS)
        and (cell.experiment != "comparison" or (options.links in cell.link and options.transports in cell.transport))
    ]
    if not found:
        raise LabError("nothing is left to measure: look at --only, --links and --transports")
    return found


def describe(measured: Measured) -> str:
    """A cell's figures in a few words, for who is looking."""
    shown = {
        "comparison": ("one download", "four downloads at once", "one upload", "four uploads at once", "small request beside one download"),
        "bootstraps": ("bootstrap",),
        "simulation": (),
        "processor": ("cold, client and server", "warm, client and server"),
    }.get(measured.cell.experiment)
    if measured.cell.experiment == "faults":
        figures = measured.figures
        if figures["completed"]:
            return f"completed after a gap of {figures['gap']:.2f} s"
        return f"did not complete: {results.why_incomplete(figures)}"
    parts = []
    for name, number, unit, bound in results.rows(measured):
        if shown is None or name in shown or (measured.cell.experiment == "competing" and name.startswith("tor ")):
            parts.append(f"{name} {'> ' if bound else ''}{number:.4g} {unit}")
    return ", ".join(parts) or "done"


def say(text: str) -> None:
    print(text, flush=True)


def main(arguments: Sequence[str]) -> int:
    options = parse(arguments)
    size = SIZES[options.size]
    raise_on_signals()
    try:
        every = list(grid.cells(size, tuple(EXPERIMENTS), options.seed))
        cells = chosen(options, every)
        if options.plan:
            for cell in cells:
                say(f"{cell.seconds:5.0f} s  {cell.title()}")
            say(f"{len(cells)} cells, about {minutes(sum(cell.seconds for cell in cells))}")
            return 0
        if os.geteuid() != 0:
            raise LabError("this needs root, for network namespaces and TUN devices")
        programs = versions.of_programs()
        machine = versions.machine(programs)
        say(", ".join(f"{name} {value}" for name, value in machine.items()))
        cache = Cache(options.output / "cells", programs)
        outcome = Runner(cache, options.seed, say, describe).run(cells)
        # What is known of the rest belongs into the report as well.
        outcome.measured += [found for cell in every if cell not in cells and (found := cache.find(cell)) is not None]
        return _report(options, size, machine, cells, outcome)
    except LabError as error:
        print(f"evaluate: {error.report()}", file=sys.stderr)
        return _BROKEN
    except Interrupted as interrupted:
        print(
            f"\nevaluate: ended by {interrupted}; everything was stopped and removed. What was measured is kept: the same command goes on",
            file=sys.stderr,
        )
        return interrupted.status


def _report(
    options: argparse.Namespace, size: grid.Size, machine: dict[str, str], cells: Sequence[Cell], outcome: Outcome
) -> int:
    found = results.Results(outcome.measured)
    judged = claims.judge(found)
    when = datetime.now().strftime("%Y-%m-%d %H:%M")
    report = Report(size, machine, found, judged, outcome.failures, cells, options.seed, when)
    page = report.write(options.output)
    if options.results is not None:
        write_markdown(report, options.results)
    say("")
    for claim in judged:
        say(f"{claim.verdict:<13} {claim.text}" + (f"\n{'':<13}   {claim.found}" if claim.found else ""))
    say("")
    if outcome.failures:
        say(f"{len(outcome.failures)} of {len(cells)} cells could not be measured; the same command tries them again")
    say(f"the report is {page}")
    if not outcome.measured:
        return _BROKEN
    return claims.status(judged)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
