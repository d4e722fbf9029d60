"""The addresses of compliance, relative to /api/v1/."""

from django.urls import path

from core.compliance import api

urlpatterns = [
    path("compliance/limits", api.LimitsView.as_view()),
    path("compliance/profile", api.ProfileView.as_view()),
]
