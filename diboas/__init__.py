"""The project: settings, urls, servers and the one-command runner. Wires everything, imported by nobody."""

from diboas.celery import app as celery_app

__all__ = ["celery_app"]
