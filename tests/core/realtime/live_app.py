"""The live server of the tests: the real application in a process of its own, with limits from the environment.

``TEST_LIVE`` is settings.LIVE as JSON; ``TEST_REDIS`` overrides the channel layer's address. The channel ``test`` has a
snapshot that counts its rows; ``bulk`` answers with a snapshot of a megabyte.
"""

from __future__ import annotations

import json
import os

import django
from django.conf import settings
from django.db import connection

django.setup()
settings.LIVE = json.loads(os.environ.get("TEST_LIVE", "{}"))
settings.DATABASES["default"]["OPTIONS"]["pool"] = {"min_size": 1, "max_size": 4}
if "TEST_REDIS" in os.environ:
    settings.CHANNEL_LAYERS["default"]["CONFIG"]["hosts"] = [os.environ["TEST_REDIS"]]

from core.outbox import snapshots  # noqa: E402  # after django.setup()
from core.realtime.routing import application  # noqa: E402  # after django.setup()

__all__ = ["application"]


def _count(customer_id: object, params: object) -> list[dict[str, object]]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM outbox_streamrow WHERE customer_id = %s", [customer_id])
        return [{"rows": cursor.fetchone()[0], "params": params}]


snapshots.register("test", _count)
snapshots.register("bulk", lambda *_: [{"filler": "x" * 1_000_000}])
