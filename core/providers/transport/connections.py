"""Connections to one provider, kept open between calls."""

from __future__ import annotations

import os
import threading
import time

from requests.adapters import HTTPAdapter


class Connections:
    """Keeps connections open in one pool per process, and opens new ones after a fork or a pause.

    requests' transport adapter is used without its Session: a session reads the bodies of redirects, keeps cookies,
    takes proxies and passwords from the environment, and is not made for threads; the adapter's pool is.
    """

    def __init__(self, *, idle_s: float) -> None:
        self._idle_s = idle_s
        self._lock = threading.Lock()
        self._adapter: HTTPAdapter | None = None
        self._process = 0
        self._used_at = 0.0

    def adapter(self) -> HTTPAdapter:
        """Return the transport. A connection that lay idle may be closed at the other end: that would look unknown."""
        now, process = time.monotonic(), os.getpid()
        with self._lock:
            if self._adapter is None or self._process != process or now - self._used_at > self._idle_s:
                self._adapter = HTTPAdapter(pool_connections=1, pool_maxsize=32, max_retries=0)
                self._process = process
            self._used_at = now
            return self._adapter
