"""Banking's addresses, below /api/v1/."""

from django.urls import path

from banking.api import views

urlpatterns = [
    path("banking/transactions", views.Transactions.as_view()),
    path("instruments", views.Instruments.as_view()),
    path("instruments/<str:instrument_id>", views.OneInstrument.as_view()),
]
