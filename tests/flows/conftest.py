"""Leaves the platform as it was found."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.platform import Platform


@pytest.fixture(autouse=True)
def without_faults(platform: Platform) -> Iterator[None]:
    """Leave the pretend providers well behaved."""
    yield
    platform.control("DELETE", "faults")
