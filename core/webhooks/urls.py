"""The address for providers, at the root."""

from django.urls import path

from core.webhooks import views

urlpatterns = [path("webhooks/<str:provider>", views.receive)]
