"""The way into a process that measures from inside: Django first, then ``bench.engine``."""

from __future__ import annotations

import os

import django


def main() -> None:
    """Set Django up in the environment of an installation and measure."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "diboas.settings.dev")
    django.setup()
    from bench import engine  # noqa: PLC0415 - needs the app registry

    engine.main()


if __name__ == "__main__":
    main()
