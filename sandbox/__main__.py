"""Start the sandbox: ``python -m sandbox --host 127.0.0.1 --port 9000 --data var/sandbox``."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import sys

from sandbox import settings
from sandbox.app import App
from sandbox.engine import server


def main() -> int:
    """Run until SIGTERM or SIGINT; returns the exit status."""
    try:
        given = settings.read(arguments=sys.argv[1:], environ=os.environ)
    except settings.SettingsInvalid as error:
        sys.stderr.write(f"sandbox: {error}\n")
        return 2
    logging.basicConfig(
        stream=sys.stderr,
        level=given.log_level.upper(),
        format="%(asctime)s %(levelname)s %(name)s %(message)s",
    )
    # uvicorn stops on these, then raises them once more for whoever was there before.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: sys.exit(0))
    run = server.server(App(settings=given), host=given.host, port=given.port)
    with asyncio.Runner(loop_factory=_loop_factory()) as runner:
        runner.run(run.serve())
    return 0 if run.started else 1


def _loop_factory() -> type[asyncio.AbstractEventLoop] | None:
    """Return uvloop's loop where it is installed (it is not on Windows)."""
    try:
        import uvloop  # noqa: PLC0415 - optional
    except ImportError:
        return None
    return uvloop.Loop


if __name__ == "__main__":
    sys.exit(main())
