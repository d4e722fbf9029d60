"""The Django app of the streams and effects."""

from datetime import timedelta

from django.apps import AppConfig


class OutboxConfig(AppConfig):
    name = "core.outbox"
    label = "outbox"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from core.audit import books, chain
        from core.outbox import books as own_books
        from core.outbox import due, effects, followers, relay
        from core.resilience import checks, heartbeats

        due.register(
            "outbox.effects",
            "EXISTS (SELECT FROM outbox_effect"
            " WHERE state = 'pending' AND topic = ANY(%s) AND due_at <= clock_timestamp())",
            task=effects.TASK,
            queue=effects.QUEUE,
            key=effects.KEY,
            params=lambda: [effects.topics()],
        )
        followers.register("audit.chain", chain.link, every_s=1.0)
        followers.register("audit.chain.thorough", lambda: chain.link(thorough=True), every_s=600.0)
        books.register("outbox", own_books.breaks)
        checks.register("relay", lambda: heartbeats.check(name=relay.NAME, within=timedelta(seconds=10)))
