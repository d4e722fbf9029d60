"""DeFi's addresses, below /api/v1/."""

from django.urls import path

from defi.api import views

urlpatterns = [
    path("defi/transactions", views.Transactions.as_view()),
    path("defi/strategies", views.Strategies.as_view()),
    path("defi/strategies/<str:code>", views.OneStrategy.as_view()),
    path("defi/positions", views.Positions.as_view()),
    path("defi/positions/<str:position_id>", views.OnePosition.as_view()),
]
