"""Registers the kinds and providers of banking with core; nothing else."""

from django.apps import AppConfig


class BankingConfig(AppConfig):
    name = "banking"
    label = "banking"
    default_auto_field = "django.db.models.BigAutoField"
