"""The engine's addresses, below /api/v1/."""

from django.urls import path

from core.orchestration.api import views

urlpatterns = [
    path("quotes", views.Quotes.as_view()),
    path("quotes/<str:quote_id>", views.Quote.as_view()),
    path("transactions", views.Transactions.as_view()),
    path("transactions/<str:transaction_id>", views.OneTransaction.as_view()),
    path("transactions/<str:transaction_id>/events", views.Events.as_view()),
    path("transactions/<str:transaction_id>/explain", views.Explain.as_view()),
    path("transactions/<str:transaction_id>/cancel", views.Cancel.as_view()),
]
