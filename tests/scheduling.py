"""Who runs what under xdist: every test that needs the running platform goes to one process, which has it once.

`--dist loadgroup` would do, but xdist 3.8 cannot name groups under pytest 9.2.
"""

from __future__ import annotations

from xdist.scheduler import LoadScopeScheduling  # type: ignore[import-not-found,import-untyped,unused-ignore]  # has no types

ON_THE_PLATFORM = ("tests/flows/", "tests/concurrency/test_kills.py", "tests/chaos/")


class OnePlatform(LoadScopeScheduling):  # type: ignore[misc]  # the library has no types
    """Hands out single tests, but for those on the platform, which stay together and are handed out first."""

    def _split_scope(self, nodeid: str) -> str:
        return "platform" if nodeid.startswith(ON_THE_PLATFORM) else nodeid
