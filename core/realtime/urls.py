"""The addresses of the live feed's HTTP part, relative to /api/v1/."""

from django.urls import path

from core.realtime import api

urlpatterns = [path("ws-tickets", api.WsTicketsView.as_view())]
