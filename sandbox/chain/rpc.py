"""A JSON-RPC connection to the node: one socket, one call at a time."""

from __future__ import annotations

import http.client
import itertools
import json
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

_numbers = itertools.count(1)


class Refused(Exception):
    """The node answered with an error; ``data`` is what a revert left behind."""

    def __init__(self, method: str, error: dict[str, Any]) -> None:
        super().__init__(f"{method}: {error.get('message')}")
        self.code = error.get("code")
        self.data = error.get("data")


@dataclass(slots=True)
class Connection:
    """Calls methods of one node."""

    url: str
    timeout_s: float = 30.0
    _http: http.client.HTTPConnection | None = field(default=None, init=False)

    def call(self, method: str, *params: Any) -> Any:
        """Return the result. Raises: Refused for the node's errors, OSError when it does not answer."""
        body = json.dumps({"jsonrpc": "2.0", "id": next(_numbers), "method": method, "params": params})
        try:
            answer = self._post(body)
        except (OSError, http.client.HTTPException) as error:
            self.close()
            raise ConnectionError(f"{self.url} does not answer {method}: {error}") from error
        if "error" in answer:
            raise Refused(method, answer["error"])
        return answer["result"]

    def number(self, method: str, *params: Any) -> int:
        """Return a result that is a quantity."""
        return int(self.call(method, *params), 16)

    def close(self) -> None:
        if self._http is not None:
            self._http.close()
            self._http = None

    def _post(self, body: str) -> dict[str, Any]:
        if self._http is None:
            place = urlsplit(self.url)
            self._http = http.client.HTTPConnection(place.hostname or "", place.port, timeout=self.timeout_s)
        self._http.request("POST", "/", body, {"Content-Type": "application/json"})
        answer: dict[str, Any] = json.loads(self._http.getresponse().read())
        return answer
