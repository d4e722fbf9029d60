"""Every address of the platform: the API under /api/v1/, the doors of providers and monitors at the root."""

from django.conf import settings
from django.urls import URLPattern, URLResolver, include, path
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView

from core.api import handlers
from core.console.site import site
from diboas import pages

# Addresses are tried in this order: what moves money first.
PARTS = (
    "banking.api.urls",
    "investing.api.urls",
    "defi.api.urls",
    "core.orchestration.api.urls",
    "core.api.urls",
    "core.providers.urls",
    "core.market.urls",
    "core.compliance.urls",
    "core.realtime.urls",
    "core.wallet.urls",
    "core.notifications.urls",
)
api: list[URLPattern | URLResolver] = [
    *(path("", include(part)) for part in PARTS),
    path("schema", SpectacularAPIView.as_view(), name="schema"),
    path("docs", SpectacularSwaggerSplitView.as_view(url_name="schema"), name="docs"),
]
urlpatterns: list[URLPattern | URLResolver] = [
    path("api/v1/", include(api)),
    path(settings.CONSOLE_PATH, site.urls),
    path("", pages.home, name="home"),
    path("payments/return", pages.returned, name="payment-return"),
    path("", include("core.webhooks.urls")),
    path("", include("core.health.urls")),
    *handlers.fallbacks,
]
handler400 = "core.api.handlers.bad_request"
handler403 = "core.api.handlers.forbidden"
handler404 = "core.api.handlers.not_found"
handler500 = "core.api.handlers.server_error"
