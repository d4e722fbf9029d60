"""The customers: threads that post deposits over keep-alive connections, as fast as they are answered or on a clock."""

from __future__ import annotations

import http.client
import itertools
import json
import threading
import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

PATH = "/api/v1/banking/transactions"
CREATED = 201


@dataclass(slots=True)
class Tally:
    """What a load brought: how many were accepted, what else was answered, seconds from first to last."""

    accepted: int = 0
    refused: dict[str, int] = field(default_factory=dict)
    seconds: float = 0.0


def closed(*, base_url: str, people: Sequence[Mapping[str, Any]], seconds: float, writers: int) -> Tally:
    """Post for ``seconds``, each writer the next one when the last was answered."""
    until = time.monotonic() + seconds
    return _run(base_url, people, writers, lambda _n: time.monotonic() < until)


def opened(*, base_url: str, people: Sequence[Mapping[str, Any]], seconds: float, per_second: float) -> Tally:
    """Post on a clock, whether or not earlier ones were answered (as far as sixteen connections go)."""
    start, total = time.monotonic() + 0.1, int(seconds * per_second)

    def wait(number: int) -> bool:
        time.sleep(max(0.0, start + number / per_second - time.monotonic()))
        return number < total

    return _run(base_url, people, 16, wait)


def _run(base_url: str, people: Sequence[Mapping[str, Any]], writers: int, go_on: Callable[[int], bool]) -> Tally:
    place, numbers, lock, tally = urlsplit(base_url), itertools.count(), threading.Lock(), Tally()

    def write() -> None:
        connection = http.client.HTTPConnection(place.hostname or "", place.port, timeout=60)
        while True:
            with lock:
                number = next(numbers)
            if not go_on(number):
                break
            told = _post(connection, people[number % len(people)])
            with lock:
                if told == str(CREATED):
                    tally.accepted += 1
                else:
                    tally.refused[told] = tally.refused.get(told, 0) + 1
        connection.close()

    started = time.monotonic()
    threads = [threading.Thread(target=write) for _ in range(writers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    tally.seconds = time.monotonic() - started
    return tally


def _post(connection: http.client.HTTPConnection, person: Mapping[str, Any]) -> str:
    body = {
        "kind": "deposit",
        "source": {"amount": "100.00", "asset": "USD"},
        "instrument_id": person["card"],
    }
    headers = {
        "Authorization": f"Bearer {person['api_key']}",
        "Idempotency-Key": uuid.uuid4().hex,
        "Content-Type": "application/json",
    }
    try:
        connection.request("POST", PATH, json.dumps(body), headers)
        answer = connection.getresponse()
        text = answer.read()
    except (OSError, http.client.HTTPException) as error:
        connection.close()
        return type(error).__name__
    return str(answer.status) if answer.status == CREATED else f"{answer.status} {text[:120].decode(errors='replace')}"
