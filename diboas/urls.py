"""Every address of the platform."""

from django.urls import URLPattern, URLResolver, include, path
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerView

from core.api import handlers

api = [
    path("", include("core.api.urls")),
    path("", include("core.providers.urls")),
    path("schema", SpectacularAPIView.as_view(), name="schema"),
    path("docs", SpectacularSwaggerView.as_view(url_name="schema"), name="docs"),
]
urlpatterns: list[URLPattern | URLResolver] = [
    path("api/v1/", include(api)),
    *handlers.fallbacks,
]
handler400 = "core.api.handlers.bad_request"
handler403 = "core.api.handlers.forbidden"
handler404 = "core.api.handlers.not_found"
handler500 = "core.api.handlers.server_error"
