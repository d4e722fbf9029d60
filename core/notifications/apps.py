"""The Django app of notifications."""

from django.apps import AppConfig


class NotificationsConfig(AppConfig):
    name = "core.notifications"
    label = "notifications"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from core.notifications import inbox, mailing
        from core.outbox import due, effects, snapshots
        from core.resilience import checks

        effects.register(inbox.TOPIC, inbox.take)
        snapshots.register(inbox.CHANNEL, inbox.snapshot)
        due.register("notifications.emails", mailing.DUE, task=mailing.TASK, queue=mailing.QUEUE, key=mailing.KEY)
        checks.register("emails", mailing.check)
