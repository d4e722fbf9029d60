"""The operations console's theme and navigation (django-unfold)."""

from typing import Any

UNFOLD: dict[str, Any] = {"SITE_TITLE": "diBoaS operations", "SITE_HEADER": "diBoaS operations"}
