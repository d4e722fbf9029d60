"""The project as a Django app: its commands, and the Celery application for every process that sends a wake-up."""

from django.apps import AppConfig

from diboas import celery

__all__ = ["DiboasConfig", "celery"]


class DiboasConfig(AppConfig):
    name = "diboas"
    label = "diboas"
