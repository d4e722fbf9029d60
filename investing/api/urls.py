"""Investing's addresses, below /api/v1/."""

from django.urls import path

from investing.api import views

urlpatterns = [
    path("investing/transactions", views.Transactions.as_view()),
    path("investing/pairs", views.Pairs.as_view()),
    path("investing/positions", views.Positions.as_view()),
    path("investing/positions/<str:position_id>", views.OnePosition.as_view()),
]
