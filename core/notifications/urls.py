"""The addresses of notifications, relative to /api/v1/."""

from django.urls import path

from core.notifications import api

urlpatterns = [
    path("notifications", api.NotificationsView.as_view()),
    path("notifications/<str:notification_id>/read", api.NotificationReadView.as_view()),
]
