"""A developer's machine, and what `make run` starts."""

from diboas.settings.base import *  # noqa: F403

SECRET_KEY = SECRET_KEY or "dev-only-not-a-secret"  # noqa: F405
