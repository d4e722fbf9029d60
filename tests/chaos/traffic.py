"""Customers who ask, and ask again under the same key until somebody answers, whatever happens to the platform."""

from __future__ import annotations

import random
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

import requests

from tests.chaos.wishes import Mind, Wish
from tests.platform import Client, Platform

PATIENCE_S = 45.0
PAUSE_S = 0.3


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What became of asking: the transaction's public id, or the code of the refusal, or that nobody ever answered."""

    wish: Wish
    id: str = ""
    refused: str = ""

    @property
    def ending(self) -> str:
        return "taken" if self.id else self.refused or "unanswered"


@dataclass(slots=True)
class Traffic:
    """Several customers' devices asking side by side, as many times as is wanted, spread over the time given."""

    platform: Platform
    seed: int
    most: int
    seconds: float
    with_chain: bool
    names: tuple[str, ...] = ("ana", "bruno", "carla")
    asked: list[Asked] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    _taken: int = 0
    _began: float = 0.0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def run(self, *, lanes: int, after: Callable[[], None] = lambda: None) -> None:
        """Let so many devices ask; return when all have done."""
        self._began = time.monotonic()
        threads = [threading.Thread(target=self._lane, args=(number, after)) for number in range(lanes)]
        for each in threads:
            each.start()
        for each in threads:
            each.join()

    def told(self) -> Counter[str]:
        return Counter(f"{each.wish.kind} {each.ending}" for each in self.asked)

    def ask(self, wish: Wish, person: Client) -> Asked:
        """Ask for one thing until there is an answer that means something."""
        deadline = time.monotonic() + PATIENCE_S
        while time.monotonic() < deadline:
            answer = self._try(wish, person)
            if answer is not None:
                return answer
            time.sleep(PAUSE_S)
        return Asked(wish=wish)

    def _lane(self, number: int, after: Callable[[], None]) -> None:
        people = {name: self.platform.client(name) for name in self.names}
        rng = random.Random(f"{self.seed}:{number}")  # noqa: S311 - repeatable on purpose
        mind = Mind(rng=rng, people=people, with_chain=self.with_chain)
        count = 0
        while self._go_on():
            count += 1
            try:
                wish = mind.next(f"chaos-{self.seed}-{number}-{count}")
            except (requests.RequestException, AssertionError, ValueError):
                self._give_back()  # the platform is down, so nobody can say what he has
                time.sleep(PAUSE_S)
                continue
            done = self.ask(wish, people[wish.person])
            with self._lock:
                self.asked.append(done)
            after()

    def _go_on(self) -> bool:
        """Take a turn when its moment has come; say no when all were taken, or it became far too late."""
        with self._lock:
            turn, self._taken = self._taken, self._taken + 1
        moment = self._began + self.seconds * turn / self.most
        time.sleep(max(0.0, moment - time.monotonic()))
        return turn < self.most and time.monotonic() < self._began + self.seconds + PATIENCE_S

    def _give_back(self) -> None:
        with self._lock:
            self._taken -= 1

    def _try(self, wish: Wish, person: Client) -> Asked | None:
        try:
            answer = person.send("POST", f"/{wish.domain}/transactions", wish.body, key=wish.reference)
            told = answer.json()
        except (requests.RequestException, ValueError):
            person.session.close()
            return None
        if answer.status_code == requests.codes.created:
            return Asked(wish=wish, id=told["id"])
        code = str(told.get("code"))
        if answer.status_code == requests.codes.server_error:
            # The database may be away; but anything else that answers 500 is a defect worth reading about.
            self.problems.append(f"500 for {wish.body}: {told}")
            return None
        if answer.status_code >= 500 or answer.status_code == 429 or code == "idempotency_in_progress":
            return None
        return Asked(wish=wish, refused=code)
