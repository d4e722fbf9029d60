"""The sidebar: the control tower, then every screen that the member of staff may read, by group."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.urls import reverse

from core.console import site

GROUPS = ("Today", "Money", "Books", "Providers", "Compliance", "Settings", "Evidence")


def sidebar(request: HttpRequest) -> list[dict[str, Any]]:
    """Return unfold's navigation. What may not be read is not named."""
    groups: dict[str, list[dict[str, Any]]] = {name: [] for name in GROUPS}
    groups["Today"].append({"title": "Control tower", "icon": "cell_tower", "link": reverse("console:index")})
    for page in sorted(site.site.pages(), key=lambda page: (page.place, page.heading)):
        if page.has_view_permission(request):
            item = {"title": page.heading, "icon": page.icon, "link": page.home()}
            groups.setdefault(page.group, []).append(item)
    return [
        {"title": name, "separator": place > 0, "items": items}
        for place, (name, items) in enumerate(groups.items())
        if items
    ]
