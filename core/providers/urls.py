"""The addresses of the provider seam, relative to /api/v1/."""

from django.urls import path

from core.providers import api

urlpatterns = [path("providers", api.ProvidersView.as_view())]
