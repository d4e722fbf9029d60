"""The addresses of market data, relative to /api/v1/."""

from django.urls import path

from core.market import api

urlpatterns = [
    path("market/prices", api.PricesView.as_view()),
    path("market/candles", api.CandlesView.as_view()),
]
