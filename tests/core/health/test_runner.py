"""Checks run side by side, none is waited for, none is asked twice at once."""

from __future__ import annotations

import threading
import time

import pytest

from core.health import runner
from core.health.runner import Status
from core.resilience import checks


def _ill() -> str:
    raise RuntimeError("broken pipe")


@pytest.mark.parametrize(
    ("parts", "status"),
    [
        ({}, Status.OK),
        ({"a": (True, True), "b": (True, False)}, Status.OK),
        ({"a": (True, True), "b": (False, False)}, Status.DEGRADED),
        ({"a": (False, True), "b": (True, False)}, Status.DOWN),
    ],
)
def test_the_whole_is_as_well_as_its_parts(
    only: dict[str, object], parts: dict[str, tuple[bool, bool]], status: Status
) -> None:
    for name, (ok, critical) in parts.items():
        checks.register(name, (lambda: "fine") if ok else _ill, critical=critical)

    assert runner.run().status is status


def test_what_a_check_says_is_kept_with_it(only: dict[str, object]) -> None:
    checks.register("good", lambda: "42 things")
    checks.register("bad", _ill, critical=True)

    bad, good = runner.run().components

    assert (good.name, good.ok, good.critical, good.detail) == ("good", True, False, "42 things")
    assert (bad.name, bad.ok, bad.critical, bad.detail) == ("bad", False, True, "RuntimeError: broken pipe")


def test_a_hanging_check_is_ill_and_costs_one_thread(only: dict[str, object]) -> None:
    release, started = threading.Event(), []

    def hang() -> str:
        started.append(1)
        release.wait(20)
        return "late"

    checks.register("hangs", hang)
    checks.register("well", lambda: "fine")
    begun = time.monotonic()
    reports = [runner.run(timeout_s=0.2) for _ in range(5)]
    took_s = time.monotonic() - begun
    release.set()

    assert took_s < 4
    assert len(started) == 1
    for report in reports:
        assert [(c.name, c.ok) for c in report.components] == [("hangs", False), ("well", True)]
        assert report.components[0].detail == "no answer within 0.2 s"


def test_slow_checks_run_side_by_side(only: dict[str, object]) -> None:
    for number in range(8):
        checks.register(f"slow{number}", lambda: time.sleep(0.3) or "done")  # type: ignore[func-returns-value]  # short
    begun = time.monotonic()

    report = runner.run(timeout_s=5)

    assert report.status is Status.OK
    assert time.monotonic() - begun < 8 * 0.3


def test_results_are_kept_for_a_moment(only: dict[str, object], monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []
    checks.register("counted", lambda: str(asked.append(1)))

    for _ in range(50):
        runner.run()
    within = len(asked)
    monkeypatch.setattr(runner, "KEEP_S", 0.0)
    runner.run()

    assert (within, len(asked)) == (1, 2)


def test_only_critical_parts_decide_readiness(only: dict[str, object]) -> None:
    checks.register("vital", lambda: "fine", critical=True)
    checks.register("nice", _ill)

    report = runner.run_critical()

    assert ([c.name for c in report.components], report.status) == (["vital"], Status.OK)
