"""The test suite."""

from diboas.settings.dev import *  # noqa: F403
