"""`python -m bench`: ratios against the bare database, taken in turns on one machine, in one run."""

from __future__ import annotations

import argparse
import statistics
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from bench import facts, installation, whole, yardstick
from bench.installation import Installation
from bench.rounds import Engines

PARTS = ("service", "sets", "hot", "whole", "latency")
PER_SECOND = 20.0
LATENCY_FLOOR_MS, LATENCY_GOAL_MS = 100.0, 60.0
SINGLE, BATCH = 4, 2
# Every process of the platform has to have met the path once: imports, plans, caches, connections.
WARM_UP_S = 8.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """One line of the table: what is measured, beside what, and what it should reach (a part of one; 0: no target)."""

    name: str
    ours: Callable[[], float]
    beside: str
    theirs: Callable[[], float]
    floor: float = 0.0
    goal: float = 0.0
    rates: list[tuple[float, float]] = field(default_factory=list)

    def take(self) -> None:
        """Take a round of each, one after the other."""
        self.rates.append((self.ours(), self.theirs()))

    def line(self) -> str:
        """Return the medians, and the median of the rounds' ratios with its range."""
        ratios = sorted(ours / theirs for ours, theirs in self.rates)
        ours, theirs = (statistics.median(rate[side] for rate in self.rates) for side in (0, 1))
        middle = statistics.median(ratios)
        verdict = "" if not self.floor else "reached" if middle >= self.floor else "MISSED"
        target = f"{self.floor:.0%} / {self.goal:.0%}" if self.floor else ""
        return (
            f"{self.name:<52} {ours:>7.0f}/s  {self.beside:<13} {theirs:>7.0f}/s  {middle:>6.1%}"
            f"  ({ratios[0]:.1%} to {ratios[-1]:.1%})  {target:>11}  {verdict}"
        )


def main(argv: Sequence[str] | None = None) -> int:
    """Run the benchmarks and print the table. What was missed is printed too, and never fails a build."""
    asked = _arguments(argv)
    print(facts.machine(), flush=True)
    with installation.opened() as place:
        print(facts.database(url=place.url), flush=True)
        yardstick.setup(url=place.url)
        yardstick.setup_our_rows(url=place.url)
        people = whole.create_people(place)
        inner = [part for part in asked.only if part in {"service", "sets", "hot"}]
        if inner:
            with Engines(env=place.env, people=people, count=max(SINGLE, BATCH)) as engines:
                _take(_inside(place, engines, asked.seconds, inner), asked.rounds)
        if {"whole", "latency"} & set(asked.only):
            place.start()
            whole.throughput(place=place, people=people, seconds=WARM_UP_S)
        if "whole" in asked.only:
            _whole(place, people, asked)
        if "latency" in asked.only:
            _latency(place, people, asked)
    return 0


def _arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--rounds", type=int, default=5, help="rounds of each, taken in turns (default 5)")
    parser.add_argument("--seconds", type=float, default=10.0, help="length of one round (default 10)")
    parser.add_argument("--only", nargs="+", choices=PARTS, default=list(PARTS), help="some of the measures")
    asked = parser.parse_args(argv)
    if asked.rounds < 1 or asked.seconds < 1:
        parser.error("at least one round of one second")
    return asked


def _inside(place: Installation, engines: Engines, seconds: float, parts: Sequence[str]) -> list[Measure]:
    """Return the measures that run without the platform's processes."""
    whole_seconds = max(1, round(seconds))

    def c3() -> float:
        return yardstick.run_c3(url=place.url, seconds=whole_seconds)

    def our_rows() -> float:
        return yardstick.run_c3_our_rows(url=place.url, seconds=whole_seconds)

    def d50() -> float:
        return yardstick.run_d50(url=place.url, seconds=whole_seconds)

    def ours(measure: str, processes: int) -> Callable[[], float]:
        engines.warm(measure)
        return lambda: engines.rate(measure, seconds=seconds, processes=processes)

    spread, customers = ours("ledger", BATCH), ours("engine", BATCH)
    known = {
        "service": [
            ("service layer, one at a time", ours("single", SINGLE), "c3", c3, 0.5, 0.6),
            ("c3 with our rows: no code, no target", our_rows, "c3", c3, 0.0, 0.0),
        ],
        "sets": [
            ("ledger in sets of 50, with verdicts", spread, "d50", d50, 0.7, 0.85),
            ("whole engine in sets of 50", customers, "d50", d50, 0.0, 0.0),
        ],
        "hot": [
            ("ledger in sets, one hot account", ours("ledger_hot", BATCH), "spread", spread, 0.7, 0.9),
            ("whole engine in sets, one hot customer", ours("engine_hot", BATCH), "spread", customers, 0.7, 0.9),
        ],
    }
    return [
        Measure(name=name, ours=mine, beside=beside, theirs=theirs, floor=floor, goal=goal)
        for part in parts
        for name, mine, beside, theirs, floor, goal in known[part]
    ]


def _take(measures: Sequence[Measure], rounds: int) -> None:
    """Take the rounds in turns, so that what else the machine does meets all of them alike."""
    for number in range(rounds):
        for measure in measures:
            measure.take()
        print(f"round {number + 1} of {rounds}", file=sys.stderr, flush=True)
    for measure in measures:
        print(measure.line(), flush=True)


def _whole(place: Installation, people: list[dict[str, str]], asked: argparse.Namespace) -> None:
    seen: list[whole.Round] = []

    def ours() -> float:
        seen.append(whole.throughput(place=place, people=people, seconds=asked.seconds))
        return seen[-1].rate

    def c3() -> float:
        with place.frozen():
            return yardstick.run_c3(url=place.url, seconds=max(1, round(asked.seconds)))

    _take(
        [
            Measure(
                name="HTTP, worker, provider, webhook, ledger", ours=ours, beside="c3", theirs=c3, floor=0.15, goal=0.45
            )
        ],
        asked.rounds,
    )
    parts = {name: statistics.median(each.cpu_ms.get(name, 0.0) for each in seen) for name in seen[0].cpu_ms}
    shown = ", ".join(f"{name} {value:.1f}" for name, value in sorted(parts.items(), key=lambda part: -part[1]))
    print(f"  milliseconds of CPU per lifecycle: {sum(parts.values()):.1f} ({shown})", flush=True)
    print(f"  webhooks processed: {sum(each.webhooks for each in seen)}", flush=True)


def _latency(place: Installation, people: list[dict[str, str]], asked: argparse.Namespace) -> None:
    """Print the times of all rounds together: a percentile of few is none."""
    times = sorted(
        one
        for _ in range(asked.rounds)
        for one in whole.latency(place=place, people=people, seconds=asked.seconds, per_second=PER_SECOND)
    )
    p50, p99 = (times[min(len(times) - 1, int(len(times) * part))] for part in (0.5, 0.99))
    verdict = "reached" if p99 <= LATENCY_FLOOR_MS else "MISSED"
    print(
        f"created to settled at {PER_SECOND:.0f}/s: p50 {p50:.0f} ms, p99 {p99:.0f} ms of {len(times)}"
        f"   floor {LATENCY_FLOOR_MS:.0f}, goal {LATENCY_GOAL_MS:.0f}: {verdict}",
        flush=True,
    )


if __name__ == "__main__":
    sys.exit(main())
