"""The Django app of this package."""

from django.apps import AppConfig


class ComplianceConfig(AppConfig):
    name = "core.compliance"
    label = "compliance"
    default_auto_field = "django.db.models.BigAutoField"
