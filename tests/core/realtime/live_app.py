"""The live server of the tests: the real application in a process of its own, with limits from the environment.

``TEST_LIVE`` is settings.LIVE as JSON; ``TEST_REDIS`` overrides the channel layer's address. The channel ``test`` has a
snapshot that counts its rows; ``bulk`` answers with a megabyte; ``fragile`` fails at rows with poison in them;
``choosy`` refuses params and otherwise finds the database away.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from uuid import UUID

import django
from django.conf import settings
from django.db import OperationalError, connection

django.setup()
settings.LIVE = json.loads(os.environ.get("TEST_LIVE", "{}"))
settings.DATABASES["default"]["OPTIONS"]["pool"] = {"min_size": 1, "max_size": 4}
if "TEST_REDIS" in os.environ:
    settings.CHANNEL_LAYERS["default"]["CONFIG"]["hosts"] = [os.environ["TEST_REDIS"]]

from core.kernel import errors  # noqa: E402  # after django.setup()
from core.outbox import snapshots  # noqa: E402  # after django.setup()
from core.realtime.routing import application  # noqa: E402  # after django.setup()

__all__ = ["application"]


def _count(customer_id: object, params: object) -> list[dict[str, object]]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM outbox_streamrow WHERE customer_id = %s", [customer_id])
        return [{"rows": cursor.fetchone()[0], "params": params}]


def _poisoned(rows: Sequence[tuple[UUID, dict[str, object]]]) -> list[dict[str, object]]:
    if any("poison" in data for _, data in rows):
        raise KeyError("poison")
    return [data for _, data in rows]


def _choosy(customer_id: object, params: Mapping[str, object]) -> list[dict[str, object]]:
    if params:
        raise errors.InvalidInput(code="unknown_param", detail="There are no params here.")
    raise OperationalError("the database is away")


snapshots.register("test", _count)
snapshots.register("choosy", _choosy)
snapshots.register("fragile", lambda *_: [], complete=_poisoned)
snapshots.register("bulk", lambda *_: [{"filler": "x" * 1_000_000}])
