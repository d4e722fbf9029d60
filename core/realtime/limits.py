"""The limits of a live session, from settings. Read at the door, handed inwards."""

from __future__ import annotations

from dataclasses import dataclass, fields

from django.conf import settings


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveLimits:
    """How long, how much and how many. ``settings.LIVE`` overrides any of them by its name in upper case.

    Units: seconds, bytes, frames. ``session_s`` is how long one ticket's authentication lasts before ``auth`` must
    renew it; ``stall_s`` how long one frame may wait for a client that does not read.
    """

    heartbeat_s: float = 15.0
    silence_s: float = 45.0
    subscribe_s: float = 5.0
    session_s: float = 900.0
    warn_s: float = 60.0
    stall_s: float = 10.0
    tick_s: float = 0.5
    ops_s: float = 1.0
    max_sockets: int = 10
    max_frame_bytes: int = 8192
    frames_per_s: float = 10.0
    frames_burst: int = 40
    queue_frames: int = 1000
    max_backlog: int = 5000

    @classmethod
    def from_settings(cls) -> LiveLimits:
        given = getattr(settings, "LIVE", {})
        return cls(**{f.name: given[f.name.upper()] for f in fields(cls) if f.name.upper() in given})
