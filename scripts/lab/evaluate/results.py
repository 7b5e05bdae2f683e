"""What was measured, as figures that can be compared: one of each run, their median and spread."""

from __future__ import annotations

import csv
import io
import statistics
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from lab.evaluate.cache import Measured
from lab.evaluate.grid import EXPERIMENTS

Figures = Mapping[str, Any]


@dataclass(frozen=True)
class Value:
    """One run's. If it is only a bound, the truth is larger: what was waited for had not come by then."""

    number: float
    bound: bool = False


@dataclass(frozen=True)
class Spread:
    """Of some runs."""

    values: tuple[Value, ...]

    @staticmethod
    def of(values: Sequence[Value]) -> Spread | None:
        """None of nothing. Bounds come behind all that is known to be no larger."""
        return Spread(tuple(sorted(values, key=lambda value: (value.number, value.bound)))) if values else None

    @property
    def median(self) -> float:
        return statistics.median(value.number for value in self.values)

    @property
    def is_bound(self) -> bool:
        """Whether the median may be larger than it says: one of those in the middle, or before them, is only a bound."""
        return any(value.bound for value in self.values[: len(self.values) // 2 + 1])

    @property
    def low(self) -> float:
        return self.values[0].number

    @property
    def high(self) -> float:
        return self.values[-1].number

    @property
    def runs(self) -> int:
        return len(self.values)


Extract = Callable[[Figures], "Value | None"]


@dataclass(frozen=True)
class Metric:
    """A figure of each cell of the comparison, its unit, and how it is written."""

    name: str
    unit: str
    extract: Extract
    digits: int = 1

    def text(self, number: float, bound: bool = False) -> str:
        return f"{'> ' if bound else ''}{number:.{self.digits}f}"


def _at(*path: str, factor: float = 1.0) -> Extract:
    def extract(figures: Figures) -> Value | None:
        found: Any = figures
        for word in path:
            if not isinstance(found, Mapping) or word not in found:
                return None
            found = found[word]
        return None if found is None else Value(float(found) * factor)

    return extract


def median_delay_ms(delays: Figures | None) -> Value | None:
    """Of small requests; a bound where so many were given up that the median is among them."""
    if not delays or not delays["seconds"]:
        return None
    seconds = sorted(delays["seconds"])
    known = len(seconds) - delays["given_up"]
    return Value(statistics.median(seconds) * 1e3, bound=known < len(seconds) / 2 + 0.5)


def _delay(*path: str) -> Extract:
    def extract(figures: Figures) -> Value | None:
        found: Any = figures
        for word in path:
            found = found.get(word)
            if found is None:
                return None
        return median_delay_ms(found)

    return extract


def _to(size: str) -> Extract:
    def extract(figures: Figures) -> Value | None:
        down = figures.get("down")
        if not down:
            return None
        seconds = down["to"][size]
        return Value(down["watched"], bound=True) if seconds is None else Value(seconds)

    return extract


def cpu_per_gigabyte(parts: Sequence[Figures], proxies: Sequence[str] = ("client", "server")) -> Value | None:
    """Seconds for each gigabyte of payload; none where there is no proxy."""
    size = sum(part["bytes"] for part in parts)
    if not size or not all(part["cpu_seconds"].get(proxy) is not None for part in parts for proxy in proxies):
        return None
    return Value(sum(part["cpu_seconds"][proxy] for part in parts for proxy in proxies) / size * 1e9)


def _cpu(figures: Figures) -> Value | None:
    return cpu_per_gigabyte([figures[name] for name in ("down", "down4") if name in figures])


COMPARED: Mapping[str, Metric] = {
    "bootstrap": Metric("bootstrap", "s", _at("bootstrap", "seconds"), 2),
    "bootstrap_network": Metric("bootstrap without tor's own waits", "s", _at("bootstrap", "network_seconds"), 2),
    "first_byte": Metric("first byte of a download", "ms", _at("down", "first_byte", factor=1e3), 0),
    "to_50k": Metric("50 KiB", "s", _to("50 KiB"), 2),
    "to_1m": Metric("1 MiB", "s", _to("1 MiB"), 2),
    "to_5m": Metric("5 MiB", "s", _to("5 MiB"), 2),
    "down": Metric("one download", "Mbit/s", _at("down", "mbit")),
    "down4": Metric("four downloads at once", "Mbit/s", _at("down4", "mbit")),
    "up": Metric("one upload", "Mbit/s", _at("up", "mbit")),
    "up4": Metric("four uploads at once", "Mbit/s", _at("up4", "mbit")),
    "idle": Metric("small request, idle", "ms", _delay("idle"), 0),
    "busy": Metric("small request beside one download", "ms", _delay("down", "delays"), 0),
    "busy4": Metric("small request beside four downloads", "ms", _delay("down4", "delays"), 0),
    "busy_up4": Metric("small request beside four uploads", "ms", _delay("up4", "delays"), 0),
    "cpu": Metric("processor time of both proxies", "s for each GB", _cpu, 1),
    "memory_client": Metric("memory of the client's proxy, most", "MiB", _at("memory_mib", "client"), 0),
    "memory_server": Metric("memory of the server's proxy, most", "MiB", _at("memory_mib", "server"), 0),
}


def why_incomplete(figures: Figures) -> str:
    """Of a download that a fault struck."""
    return str(figures["error"] or f"no byte for the last {figures['silent']:.0f} s")


class Results:
    """All cells, by what they are of."""

    def __init__(self, measured: Sequence[Measured]) -> None:
        self.measured = list(measured)

    def of(self, experiment: str, link: str | None = None, transport: str | None = None) -> list[Measured]:
        return [
            each
            for each in self.measured
            if each.cell.experiment == experiment
            and (link is None or each.cell.link == link)
            and (transport is None or each.cell.transport == transport)
        ]

    def links(self, experiment: str) -> list[str]:
        return list(dict.fromkeys(each.cell.link for each in self.of(experiment)))

    def spread(self, experiment: str, link: str, transport: str, extract: Extract) -> Spread | None:
        """Over the runs that have it."""
        found = [extract(each.figures) for each in self.of(experiment, link, transport)]
        return Spread.of([value for value in found if value is not None])

    def compared(self, metric: str, link: str, transport: str) -> Spread | None:
        return self.spread("comparison", link, transport, COMPARED[metric].extract)

    def machine_notes(self) -> list[str]:
        """What casts doubt on figures, one line each."""
        notes = []
        conducts = [(each, conduct) for each in self.measured for conduct in _conducts(each.figures)]
        late = {each.cell.title() for each, conduct in conducts if conduct["late_ms"] > LATE_MS}
        refused = {each.cell.title() for each, conduct in conducts if conduct["refused"]}
        full = {each.cell.title() for each, conduct in conducts if conduct["busy"] > BUSY}
        broken = {
            each.cell.title()
            for each in self.of("comparison")
            if any(part.get("errors") for part in each.figures.values() if isinstance(part, Mapping))
        }
        for cells, words in (
            (late, f"the emulator was late by more than {LATE_MS:g} ms for one packet in a hundred"),
            (refused, "the emulator could not take all packets"),
            (full, f"more than {BUSY:.0%} of all processors were busy: the machine, and not the transport, may have set the pace"),
            (broken, "a bulk flow broke"),
        ):
            if cells:
                shown = "; ".join(sorted(cells)[:6]) + ("; …" if len(cells) > 6 else "")
                notes.append(f"In {len(cells)} of {len(self.measured)} cells {words}: {shown}.")
        return notes

    def csv(self) -> str:
        """A line for each figure of each cell."""
        text = io.StringIO()
        table = csv.writer(text, lineterminator="\n")
        table.writerow(["experiment", "link", "transport", "run", "measured", "value", "unit", "is_lower_bound"])
        for each in self.measured:
            head = [each.cell.experiment, each.cell.link, each.cell.transport, each.cell.run]
            for name, number, unit, bound in rows(each):
                table.writerow([*head, name, f"{number:.6g}", unit, int(bound)])
        return text.getvalue()


LATE_MS = 3.0
BUSY = 0.95


def _conducts(figures: Any) -> Iterator[Figures]:
    """The conduct of the machine in each part of a cell."""
    if isinstance(figures, Mapping):
        for name, value in figures.items():
            if name == "machine" and isinstance(value, Mapping) and "late_ms" in value:
                yield value
            else:
                yield from _conducts(value)
    elif isinstance(figures, list):
        for value in figures:
            yield from _conducts(value)


def rows(each: Measured) -> Iterator[tuple[str, float, str, bool]]:
    """A cell's figures: name, number, unit, and whether it is a lower bound."""
    assert each.cell.experiment in EXPERIMENTS
    figures = each.figures
    if each.cell.experiment in ("comparison", "bootstraps"):
        for metric in COMPARED.values():
            value = metric.extract(figures)
            if value is not None:
                yield metric.name, value.number, metric.unit, value.bound
    elif each.cell.experiment == "together":
        yield "consensus", figures["consensus"], "s", False
        for client in figures["clients"]:
            yield f"bootstrap of {client['name']}", client["seconds"], "s", False
    elif each.cell.experiment == "competing":
        for part in figures["beside"]:
            beside = f"beside {part['flows']} flows {part['congestion']}".rstrip()
            yield f"tor {beside}", part["tor_mbit"], "Mbit/s", False
            if part["flows"]:
                yield f"flows together, {beside}", sum(part["flows_mbit"]), "Mbit/s", False
            delay = median_delay_ms(part["delays"])
            if delay is not None:
                yield f"small request {beside}", delay.number, "ms", delay.bound
    elif each.cell.experiment == "faults":
        fault = each.cell.parameters["fault"]
        yield f"{fault}: completed", float(figures["completed"]), "0 or 1", False
        for name in ("gap", "seconds", "new_stream"):
            if figures[name] is not None:
                yield f"{fault}: {name}", figures[name], "s", False
    elif each.cell.experiment == "simulation":
        for row in figures["bridge"]:
            what = f"{row['sessions']} sessions, {row['bridgeMbit']:g} Mbit/s, {row['transport']}"
            yield f"{what}: goodput", row["goodputMbit"], "Mbit/s", False
            for name, number, unit in (
                ("bulk fairness", row["bulk"]["fairness"], "Jain's index"),
                ("first byte", row["interactive"]["firstByteMs"]["median"], "ms"),
            ):
                if number is not None:
                    yield f"{what}: {name}", number, unit, False
    elif each.cell.experiment == "processor":
        for part in ("cold", "warm"):
            for proxies in (("client",), ("server",), ("client", "server")):
                value = cpu_per_gigabyte([figures[part]], proxies)
                if value is not None:
                    yield f"{part}, {' and '.join(proxies)}", value.number, "s for each GB", False
