"""The two pages that people meet outside the console: the front door, and the way back from a bank's own page."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """Say what this is and where to go."""
    links = [
        {"name": "API documentation", "address": reverse("docs")},
        {"name": "Console", "address": f"/{settings.CONSOLE_PATH}"},
    ]
    text = "One API over banks, markets and chains. There is nothing to see here for a browser but these two."
    return render(request, "pages/page.html", {"title": "diBoaS", "text": text, "links": links})


@require_safe
def returned(request: HttpRequest) -> HttpResponse:
    """Receive a customer whom his bank sends back; what became of the payment comes by webhook, never from here."""
    text = "Thank you. You may close this page; your payment goes on by itself and the app shows how it stands."
    return render(request, "pages/page.html", {"title": "Back from your bank", "text": text, "links": []})
