"""The addresses of health, at the root."""

from django.urls import path

from core.health import views

urlpatterns = [
    path("livez", views.livez),
    path("readyz", views.readyz),
    path("healthz", views.healthz),
    path("metrics", views.scrape),
]
