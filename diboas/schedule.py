"""What Celery beat starts and when: every entry is a hint to do work that the database says is due."""

from typing import Any

SCHEDULE: dict[str, dict[str, Any]] = {}
