"""The console's site: opened by e-mail, password and code, never by a password alone."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib.auth import REDIRECT_FIELD_NAME
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, URLResolver, path, reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from unfold.sites import UnfoldAdminSite

from core.console import access, tower
from core.console.pages import Page
from core.identity import staff_mfa

OPS_PATH = "/ws/v1/ops/"


class ConsoleSite(UnfoldAdminSite):  # type: ignore[misc]  # unfold ships no types
    """Unfold's site with our door, our home page and no password form."""

    index_title = "Control tower"
    site_header = "diBoaS operations"
    enable_nav_sidebar = True

    def has_permission(self, request: HttpRequest) -> bool:
        """Let in who proved a second factor in this session. A password, or being superuser, is not enough."""
        return staff_mfa.is_verified(request)

    def pages(self) -> list[Page]:
        """Return every screen."""
        return [page for page in self._registry.values() if isinstance(page, Page)]

    def get_urls(self) -> list[URLPattern | URLResolver]:
        closed = {"password_change", "password_change_done", "autocomplete", "view_on_site", "search", "app_list"}
        urls = [each for each in super().get_urls() if getattr(each, "name", None) not in closed]
        return [path("tower/", self.admin_view(self.tower_view), name="tower"), *urls]

    def each_context(self, request: HttpRequest) -> dict[str, Any]:
        context: dict[str, Any] = super().each_context(request)
        names = sorted(name.replace("_", " ") for name in access.roles_of(request))
        names += ["superuser"] if getattr(request.user, "is_superuser", False) else []
        return {**context, "roles_text": ", ".join(names)}

    def get_app_list(self, request: HttpRequest, app_label: str | None = None) -> list[Any]:
        """Return nothing: the sidebar names the screens (``navigation``), apps are how they are kept."""
        return []

    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponseBase:
        if request.method == "GET" and self.has_permission(request):
            return HttpResponseRedirect(reverse(f"{self.name}:index"))
        context = {
            **self.each_context(request),
            "title": "Sign in",
            "app_path": request.get_full_path(),
            **(extra_context or {}),
        }
        if REDIRECT_FIELD_NAME not in request.GET and REDIRECT_FIELD_NAME not in request.POST:
            context[REDIRECT_FIELD_NAME] = reverse(f"{self.name}:index")
        view = staff_mfa.StaffSignInView.as_view(
            template_name="console/sign_in.html", extra_context=context, next_page=reverse(f"{self.name}:index")
        )
        return never_cache(view)(request)

    def index(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        context = {
            **self.each_context(request),
            "title": self.index_title,
            "live_url": settings.LIVE_URL.rstrip("/") + OPS_PATH,
            "tower_url": reverse(f"{self.name}:tower"),
            **tower.picture(request),
            **(extra_context or {}),
        }
        request.current_app = self.name
        return TemplateResponse(request, "console/tower.html", context)

    def tower_view(self, request: HttpRequest) -> HttpResponse:
        """Return the moving part of the home page, which the page fetches again and again."""
        return require_safe(_moving_part)(request)


def _moving_part(request: HttpRequest) -> HttpResponse:
    return TemplateResponse(request, "console/parts/tower.html", tower.picture(request))


site = ConsoleSite(name="console")
