"""Connections to one provider, kept open between calls."""

from __future__ import annotations

import os
import ssl
import threading
import time

import certifi
import urllib3


class Connections:
    """Keeps connections open in one pool per process, and opens new ones after a fork or a pause.

    The pool follows no redirects, tries nothing again, keeps no cookies and takes nothing from the environment, no
    proxies and no passwords; it is made for threads. Certificates are proved against the public authorities.
    """

    def __init__(self, *, scheme: str, host: str, port: int | None, idle_s: float) -> None:
        self._scheme, self._host, self._port = scheme, host, port
        self._idle_s = idle_s
        self._lock = threading.Lock()
        self._pool: urllib3.HTTPConnectionPool | None = None
        self._process = 0
        self._used_at = 0.0

    def pool(self) -> urllib3.HTTPConnectionPool:
        """Return the pool. A connection that lay idle may be closed at the other end: that would look unknown."""
        now, process = time.monotonic(), os.getpid()
        with self._lock:
            if self._pool is None or self._process != process or now - self._used_at > self._idle_s:
                self._pool = self._opened()
                self._process = process
            self._used_at = now
            return self._pool

    def _opened(self) -> urllib3.HTTPConnectionPool:
        if self._scheme == "http":
            return urllib3.HTTPConnectionPool(self._host, self._port, maxsize=32, retries=False)
        trusted = ssl.create_default_context(cafile=certifi.where())
        return urllib3.HTTPSConnectionPool(self._host, self._port, maxsize=32, retries=False, ssl_context=trusted)
