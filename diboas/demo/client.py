"""What the demo uses of the public contract: HTTP with an API key, and the sandbox's controls."""

from __future__ import annotations

import time
import uuid
from dataclasses import dataclass, field
from typing import Any

import requests

ENDED = ("completed", "failed", "expired", "reversed", "under_review")
TIMEOUT_S = 10


class Unexpected(Exception):
    """An answer that the demo did not expect: the message shows it."""


@dataclass(slots=True, kw_only=True)
class Customer:
    """One customer, by his API key."""

    base_url: str
    handle: str
    key: str
    instruments: dict[str, str] = field(default_factory=dict)
    http: requests.Session = field(default_factory=requests.Session)

    def get(self, path: str) -> Any:
        return self._answer(self.http.get(self._url(path), headers=self._headers(), timeout=TIMEOUT_S), 200)

    def post(self, path: str, body: dict[str, Any], *, expect: int = 201) -> Any:
        """Send a body under a new idempotency key. Raises: Unexpected for any other status."""
        headers = {**self._headers(), "Idempotency-Key": uuid.uuid4().hex}
        return self._answer(self.http.post(self._url(path), json=body, headers=headers, timeout=TIMEOUT_S), expect)

    def wait(self, transaction_id: str, *, wanted: tuple[str, ...] = ENDED, patience_s: float = 60) -> Any:
        """Return the transaction once its status is one of ``wanted``. Raises: Unexpected when it never is."""
        until = time.monotonic() + patience_s
        while True:
            shown = self.get(f"/transactions/{transaction_id}")
            if shown["status"] in wanted:
                return shown
            if time.monotonic() > until:
                raise Unexpected(f"{transaction_id} is still {shown['state']} after {patience_s:.0f} s")
            time.sleep(0.02)

    def available(self) -> str:
        """Return what is available in US dollars."""
        return str(self.get("/wallet")["totals"]["available"]["amount"])

    def _url(self, path: str) -> str:
        return f"{self.base_url}/api/v1{path}"

    def _headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.key}"}

    def _answer(self, response: requests.Response, expect: int) -> Any:
        if response.status_code != expect:
            raise Unexpected(f"{response.request.method} {response.url}: {response.status_code} {response.text[:500]}")
        return response.json()


@dataclass(slots=True, kw_only=True)
class Sandbox:
    """The pretend providers' controls and book."""

    url: str
    increase_key: str

    def break_once(self, **fault: Any) -> None:
        """Set a fault that fires one time."""
        self._call("PUT", "faults", {"times": 1, **fault})

    def executed(self, *, key: str) -> list[dict[str, Any]]:
        """Return what a provider really did under an idempotency key of ours."""
        rows: list[dict[str, Any]] = self._call("GET", f"book?key={key}")["rows"]
        return rows

    def increase(self, path: str, body: dict[str, Any]) -> None:
        """Call one of Increase's own simulations."""
        response = requests.post(
            f"{self.url}{path}", json=body, headers={"Authorization": f"Bearer {self.increase_key}"}, timeout=TIMEOUT_S
        )
        if not response.ok:
            raise Unexpected(f"{response.url}: {response.status_code} {response.text[:300]}")

    def exchange(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        """Use a control of the pretend exchange."""
        return self._call(method, path, body)

    def _call(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        response = requests.request(method, f"{self.url}/_control/{path}", json=body, timeout=TIMEOUT_S)
        if not response.ok:
            raise Unexpected(f"{response.url}: {response.status_code} {response.text[:300]}")
        return response.json()
