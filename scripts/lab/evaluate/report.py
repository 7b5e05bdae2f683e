"""The report: one page of HTML that needs nothing else, the data as JSON and CSV beside it, and a short page of Markdown."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from html import escape
from pathlib import Path
from typing import Any

from lab.evaluate.claims import Claim
from lab.evaluate.figures import SECTIONS, Figure
from lab.evaluate.grid import LINKS, TRANSPORTS, Cell, Size
from lab.evaluate.results import Results
from lab.evaluate.runner import Failure
from lab.evaluate.simulated import CANNOT, circuits_sentence, figures as simulated_figures

_TITLES = {
    "bootstraps": "1 · Client and private bridge",
    "together": "2 · Private network, all started together",
    "simulation": "3 · Simulation: many sessions of one bridge",
    "comparison": "4 · Comparison with an unchanged tor and obfs4",
    "competing": "5 · TCP flows beside tor",
    "faults": "6 · Faults of the network",
    "processor": "7 · Processor time",
}

_CAVEATS = (
    "All runs on one machine: seven tors, a client, two proxies and the emulator of the link share its processors. Ratios between transports "
    "on one link mean more than their absolute figures.",
    "Loss is independent for each packet (or in bursts, where it says so), the same each way; a link's buffer holds one rate × round trip "
    "unless it says otherwise, and drops at its end.",
    "Bridges stay up for the whole run, as they do in reality, and clients are made anew for each cell: a server's proxy is warm except in "
    "its first cell, a client's is always cold. Section 7 begins with both cold.",
    "tor does part of a bootstrap in looks once a second, whatever the transport: the time without the steps that wait for them (from its start "
    "to the bridge's dialling, to the consensus' first bytes, to the first circuit's beginning) is shown beside the whole. That leaves out the "
    "start of a proxy's process, too, which scripts/bench start measures. Directory documents of a small network are tiny, so a bootstrap shows round "
    "trips and handshakes, not bandwidth.",
    "A single download over a long path is limited by tor's own congestion control of its circuit (Vegas, with the public network's "
    "parameters), not by the link: four circuits at once are shown beside it.",
    "Small requests are new streams of their own circuit, 1,000 bytes each, 150 ms apart; one that takes more than 8 s is given up and "
    "counts with that.",
    "The kernel's congestion control is set for the link alone. On the loopback interface, between tor and proxies and from relay to relay, it is "
    "CUBIC always: what tor writes to a socket at once depends on that socket's window, whatever is behind it.",
    "Uploads write only a quarter of a second ahead of what has arrived: tor 0.4.9 takes what an application gives it without bound, and comes "
    "to rest under hundreds of megabytes (seen without any transport).",
    "Times to 50 KiB, 1 MiB and 5 MiB are read from one download, from the asking for the stream on a circuit that is there; a download is "
    "watched for some seconds, and what had not come by then is drawn with “>”.",
    "The kernel's congestion control is that of the link's routes, at both ends; this transport's TLS carrier has CUBIC.",
)


@dataclass(frozen=True)
class Report:
    """All that goes into the page."""

    size: Size
    machine: Mapping[str, str]
    results: Results
    claims: Sequence[Claim]
    failures: Sequence[Failure]
    cells: Sequence[Cell]
    seed: int
    when: str

    def figures(self) -> Iterator[tuple[str, list[Figure]]]:
        """By section, in the report's order; those that have any."""
        for name in _TITLES:
            found = list(simulated_figures(self.results) if name == "simulation" else SECTIONS[name](self.results))
            if found:
                yield name, found

    def write(self, folder: Path) -> Path:
        """Writes page and data, and returns where the page is."""
        folder.mkdir(parents=True, exist_ok=True)
        page = folder / "report.html"
        page.write_text(html(self), encoding="utf-8")
        (folder / "results.json").write_text(self.json(), encoding="utf-8")
        (folder / "results.csv").write_text(self.results.csv(), encoding="utf-8")
        return page

    def json(self) -> str:
        data: dict[str, Any] = {
            "size": self.size.name,
            "when": self.when,
            "machine": dict(self.machine),
            "seed": self.seed,
            "parameters": {"lengths": asdict(self.size.lengths), "runs": self.size.runs},
            "claims": [{**asdict(claim), "verdict": claim.verdict} for claim in self.claims],
            "failures": [{"cell": failure.cell.identity(), "reason": failure.reason} for failure in self.failures],
            "cells": [
                {"cell": each.cell.identity(), "when": each.when, "taken_seconds": each.taken_seconds, "measured": each.figures}
                for each in self.results.measured
            ],
        }
        return json.dumps(data, indent=1, ensure_ascii=False) + "\n"


_STYLE = """
:root { color-scheme: light dark; --ink: #1b1d22; --paper: #fbfbfa; --soft: #5b616b; --line: #dcdfe4; --card: #fff;
  --held: #1a7f42; --broken: #c02a37; --open: #7a6a1d }
@media (prefers-color-scheme: dark) { :root { --ink: #e7e9ed; --paper: #0f1115; --soft: #a4abb6; --line: #2b3039; --card: #16181d;
  --held: #58c98a; --broken: #ff7b86; --open: #d9c25f } }
body { margin: 0; background: var(--paper); color: var(--ink); font: 16px/1.55 system-ui, 'DejaVu Sans', sans-serif }
main { max-width: 980px; margin: 0 auto; padding: 32px 20px 80px }
h1 { font-size: 28px; line-height: 1.25; margin: 0 0 4px } h2 { font-size: 21px; margin: 48px 0 8px; border-top: 1px solid var(--line); padding-top: 20px }
p.lead, figcaption, .soft { color: var(--soft) }
figure { margin: 22px 0 } figure svg { max-width: 100%; height: auto; border: 1px solid var(--line); border-radius: 8px; background: var(--card) }
figcaption { margin-top: 6px; color: var(--ink) }
table { border-collapse: collapse; width: 100%; font-size: 14px; font-variant-numeric: tabular-nums } .wide { overflow-x: auto }
th, td { text-align: left; padding: 5px 10px 5px 0; border-bottom: 1px solid var(--line); vertical-align: top }
td.verdict { font-weight: 700; white-space: nowrap } .held { color: var(--held) } .broken { color: var(--broken) } .open { color: var(--open) }
details { margin: 6px 0 } summary { cursor: pointer; color: var(--soft); font-size: 14px } nav a { margin-right: 14px; white-space: nowrap }
a { color: inherit }
"""

_CLASSES = {"held": "held", "not held": "broken", "not measured": "open"}


def html(report: Report) -> str:
    """The page. Without scripts, and with nothing to load."""
    sections = list(report.figures())
    parts = [
        "<!doctype html>",
        '<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">',
        f"<title>Tandem: evaluation</title><style>{_STYLE}</style></head><body><main>",
        "<h1>Tor over TLS and µTP in tandem: evaluation</h1>",
        f'<p class="lead">{escape(_lead(report))}</p>',
        "<nav>" + " ".join(f'<a href="#{name}">{escape(_TITLES[name])}</a>' for name, _ in sections) + "</nav>",
        '<h2 id="claims">What is claimed, and whether it holds</h2>',
        _claims_table(report.claims),
    ]
    for name, found in sections:
        parts.append(f'<h2 id="{name}">{escape(_TITLES[name])}</h2>')
        for figure in found:
            parts.append(f'<figure id="{figure.name}">{figure.svg}<figcaption>{escape(figure.sentence)}</figcaption>')
            if figure.table:
                parts.append(f"<details><summary>The figures</summary>{_table(figure.table)}</details>")
            parts.append("</figure>")
    parts += [
        '<h2 id="cannot">What a pluggable transport cannot do</h2>',
        f"<p>{escape(CANNOT)}</p>",
        f"<p>{escape(circuits_sentence(report.results))}</p>",
        '<h2 id="how">How it was measured</h2>',
        _table([["", ""], *([name, value] for name, value in report.machine.items())]),
        f"<p>{escape(_parameters(report))}</p>",
        _table([["link", "conditions"], *([name, LINKS[name].words()] for name in _links(report))]),
        _table([["transport", "what it is"], *([name, TRANSPORTS[name].words] for name in _transports(report))]),
        "<ul>" + "".join(f"<li>{escape(text)}</li>" for text in (*_CAVEATS, *report.results.machine_notes())) + "</ul>",
    ]
    if report.failures:
        rows = [["cell", "why"], *([failure.cell.title(), failure.reason] for failure in report.failures)]
        parts += ['<h2 id="failed">What could not be measured</h2>', _table(rows)]
    parts += [
        '<p class="soft">All figures of all cells are beside this page: <a href="results.json">results.json</a>, '
        '<a href="results.csv">results.csv</a>.</p>',
        "</main></body></html>",
        "",
    ]
    return "\n".join(parts)


def _lead(report: Report) -> str:
    count = {verdict: sum(claim.verdict == verdict for claim in report.claims) for verdict in _CLASSES}
    return (
        f"{report.when}; size {report.size.name}, {len(report.results.measured)} cells measured. Of {len(report.claims)} claims "
        f"{count['held']} held, {count['not held']} did not, {count['not measured']} were not measured. "
        "An unmodified tor on a private network on one machine, without the internet; links are emulated."
    )


def _parameters(report: Report) -> str:
    lengths = report.size.lengths
    return (
        f"Comparison: {report.size.runs} run{'s' if report.size.runs > 1 else ''}, in which the transports take turns on each link; "
        f"one download {lengths.down:g} s, four at once {lengths.down4:g} s, one upload {lengths.up:g} s, four {lengths.up4:g} s, "
        f"of which the first {lengths.ramp:g} s after the first byte do not count for rate and delays; "
        f"{lengths.idle_requests} small requests on the idle link; seed of the link {report.seed}."
    )


def _links(report: Report) -> list[str]:
    return [name for name in dict.fromkeys(each.cell.link for each in report.results.measured) if name in LINKS]


def _transports(report: Report) -> list[str]:
    measured = {each.cell.transport for each in report.results.measured}
    return [name for name in TRANSPORTS if name in measured]


def _claims_table(claims: Sequence[Claim]) -> str:
    rows = "".join(
        f'<tr><td class="verdict {_CLASSES[claim.verdict]}">{claim.verdict}</td><td>{escape(claim.text)}</td>'
        f"<td>{escape(claim.found or '–')}</td></tr>"
        for claim in claims
    )
    return f'<div class="wide"><table><tr><th></th><th>claim</th><th>measured (medians)</th></tr>{rows}</table></div>'


def _table(rows: Sequence[Sequence[str]]) -> str:
    head, *body = rows
    text = "".join(f"<th>{escape(word)}</th>" for word in head)
    lines = "".join("<tr>" + "".join(f"<td>{escape(word)}</td>" for word in row) + "</tr>" for row in body)
    return f'<div class="wide"><table><tr>{text}</tr>{lines}</table></div>'


# Of the figures, those that the short page shows.
_SHORT = ("bootstraps", "down", "down4", "busy", "competing-share", "faults", "processor", "sessions-goodput")


def markdown(report: Report, folder: str) -> tuple[str, dict[str, str]]:
    """The short page, and the figures that it shows by file name, to be written into that folder beside it."""
    lines = [
        "# Results",
        "",
        f"Written by `scripts/evaluate --{report.size.name} --results`; do not edit. {_lead(report)}",
        "",
        ", ".join(f"{name} {value}" for name, value in report.machine.items()) + ".",
        "",
        "| | Claim | Measured (medians) |",
        "|---|---|---|",
        *(f"| **{claim.verdict}** | {_cell(claim.text)} | {_cell(claim.found or '–')} |" for claim in report.claims),
        "",
    ]
    pictures: dict[str, str] = {}
    for _, found in report.figures():
        for figure in found:
            if figure.name in _SHORT:
                pictures[f"{figure.name}.svg"] = figure.svg
                lines += [f"![{figure.title}]({folder}/{figure.name}.svg)", "", figure.sentence, ""]
    lines += ["## What a pluggable transport cannot do", "", CANNOT, "", circuits_sentence(report.results), "", "## Caveats", ""]
    lines += [f"- {text}" for text in (_parameters(report), *_CAVEATS, *report.results.machine_notes())]
    if report.failures:
        lines += ["", "Could not be measured:", ""]
        lines += [f"- {failure.cell.title()}: {failure.reason}" for failure in report.failures]
    return "\n".join([*lines, ""]), pictures


def write_markdown(report: Report, file: Path) -> None:
    """The page, and its figures in a folder of the same name in small letters."""
    folder = file.parent / file.stem.lower()
    text, pictures = markdown(report, folder.name)
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob("*.svg"):
        old.unlink()
    for name, svg in pictures.items():
        (folder / name).write_text(svg, encoding="utf-8")
    file.write_text(text, encoding="utf-8")


def _cell(text: str) -> str:
    return text.replace("|", "\\|")
