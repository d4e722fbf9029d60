"""Processes that measure in rounds: started once, told what to do, asked how much they did."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import IO, Any


class Broken(RuntimeError):
    """A measuring process ended; its last words are in the message."""


class Engines:
    """Several ``bench.inside`` processes side by side."""

    def __init__(self, *, env: Mapping[str, str], people: Sequence[Mapping[str, Any]], count: int) -> None:
        self._count = count
        self._env = dict(env) | {"LOG_LEVEL": "ERROR", "DIBOAS_ROLE": "bench"}
        self._pairs = [f"{each['id'].replace('-', '')}:{each['card'].partition('_')[2]}" for each in people]
        self._running: list[subprocess.Popen[str]] = []

    def __enter__(self) -> Engines:
        command = [sys.executable, "-m", "bench.inside", *self._pairs]
        for _ in range(self._count):
            self._running.append(
                subprocess.Popen(
                    command,
                    env=self._env,
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.PIPE,
                    text=True,
                )
            )
        for one in self._running:
            _line(one)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        for one in self._running:
            _pipe(one.stdin).close()
            one.wait(timeout=60)

    def warm(self, measure: str) -> None:
        """Have every process do the measure once: connections, plans and accounts are made."""
        for one in self._running:
            self._ask([one], measure, 0)

    def rate(self, measure: str, *, seconds: float, processes: int) -> float:
        """Return lifecycles per second of so many processes together."""
        return self._ask(self._running[:processes], measure, seconds) / seconds

    def _ask(self, who: Sequence[subprocess.Popen[str]], measure: str, seconds: float) -> int:
        for one in who:
            _pipe(one.stdin).write(f"{measure} {seconds}\n")
            _pipe(one.stdin).flush()
        return sum(int(_line(one)) for one in who)


def _line(one: subprocess.Popen[str]) -> str:
    line = _pipe(one.stdout).readline()
    if not line:
        raise Broken(_pipe(one.stderr).read()[-2000:])
    return line


def _pipe(pipe: IO[str] | None) -> IO[str]:
    if pipe is None:
        raise Broken("the process has no pipe")
    return pipe
