"""The inbox under real commits and several workers."""

import threading
from collections import Counter
from collections.abc import Callable

from django.db import connection, connections

from core.providers import contract
from core.webhooks import drain, inbox
from core.webhooks.models import WebhookEvent
from tests.core.webhooks import acme as provider
from tests.core.webhooks.acme import Acme
from tests.core.webhooks.conftest import Door
from tests.databases import Clone

WORKERS = 4


def together(work: Callable[[int], None]) -> None:
    """Run ``work`` in several threads that start at the same moment; fail if one of them fails."""
    barrier = threading.Barrier(WORKERS, timeout=10)
    failures: list[Exception] = []

    def run(number: int) -> None:
        try:
            barrier.wait()
            work(number)
        except Exception as error:  # noqa: BLE001 shown below
            failures.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=(number,)) for number in range(WORKERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert failures == []


def keep(adapter: Acme, body: bytes) -> bool:
    delivery = contract.Delivery(body=body, headers={"acme-signature": "good"})
    return inbox.store(
        provider=adapter.code, delivery=delivery, news=adapter.parse_webhook(delivery), correlation_id=""
    )


def test_one_event_delivered_to_every_web_process_at_once_is_kept_once(committed_db: Clone, acme: Acme) -> None:
    kept: list[bool] = []

    together(lambda _: kept.extend(keep(acme, provider.body(f"e{number}")) for number in range(25)))

    assert Counter(kept) == {True: 25, False: 25 * (WORKERS - 1)}
    assert WebhookEvent.objects.count() == 25


def test_workers_share_the_inbox_and_hand_in_each_event_once(committed_db: Clone, acme: Acme, door: Door) -> None:
    for number in range(200):
        keep(acme, provider.body(f"e{number}", ref=f"po_{number}"))

    def work(_: int) -> None:
        while drain.process(limit=10):
            pass

    together(work)

    handed = Counter(item.report.provider_ref for call in door.calls for item in call)
    assert handed == {f"po_{number}": 1 for number in range(200)}
    assert set(WebhookEvent.objects.values_list("status", "tries")) == {("processed", 1)}


def test_what_a_dead_worker_held_is_processed_by_another(committed_db: Clone, acme: Acme, door: Door) -> None:
    keep(acme, provider.body("e1"))
    with connection.cursor() as cursor:
        # A worker took it and died: its lease ran out a moment ago.
        cursor.execute(
            "UPDATE webhooks_webhookevent"
            " SET fence = 1, tries = 1, lease_until = clock_timestamp() - interval '1 millisecond'"
        )

    assert drain.process(limit=10) == 1

    row = WebhookEvent.objects.get()
    assert (row.status, row.fence, row.tries, len(door.calls)) == ("processed", 2, 2, 1)
