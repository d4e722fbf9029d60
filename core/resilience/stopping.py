"""How a command that runs until it is told to stop hears that it is told."""

from __future__ import annotations

import signal
import threading
from types import FrameType


def event() -> threading.Event:
    """Return what is set once the process is told to end (SIGTERM or SIGINT). Needs: the main thread."""
    told = threading.Event()

    def tell(_signal: int, _frame: FrameType | None) -> None:
        told.set()

    signal.signal(signal.SIGTERM, tell)
    signal.signal(signal.SIGINT, tell)
    return told
