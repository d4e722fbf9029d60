"""The addresses of the wallet, relative to /api/v1/."""

from django.urls import path

from core.wallet import api

urlpatterns = [
    path("wallet", api.WalletView.as_view()),
    path("wallet/statement", api.StatementView.as_view()),
]
