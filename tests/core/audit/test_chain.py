"""The follower links what was committed, in one chain, whoever runs it; a late commit is linked too."""

import base64
import hashlib
import json
import threading
import time
import uuid

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from django.db import connection, transaction

from core.audit import audit, chain, hashing, signing, verify
from core.audit.models import AuditLink, AuditRecord, AuditSeal
from core.kernel import clock


def write(count: int = 1, *, actor: str = "system:test") -> None:
    with transaction.atomic():
        for number in range(count):
            audit.record(actor=actor, action="test.done", target=f"t:{number}", after={"ü": number, "a": None})


@pytest.mark.django_db
def test_records_are_linked_in_order_and_the_head_is_sealed() -> None:
    write(5)

    assert chain.link(limit=3) == 3
    assert chain.link(limit=3) == 2
    assert chain.link(limit=3) == 0

    links = list(AuditLink.objects.order_by("sequence"))
    assert [link.sequence for link in links] == [1, 2, 3, 4, 5]
    assert [link.record for link in links] == list(AuditRecord.objects.order_by("id").values_list("id", flat=True))
    assert [link.previous_hash for link in links] == [hashing.GENESIS, *(link.hash for link in links[:-1])]
    assert list(AuditSeal.objects.order_by("sequence").values_list("sequence", "hash")) == [
        (3, links[2].hash),
        (5, links[4].hash),
    ]
    report = verify.run()
    assert (report.links, report.seals, report.head, report.findings) == (5, 2, links[4].hash, [])


@pytest.mark.django_db
def test_an_auditor_needs_only_sha256_json_and_the_public_key() -> None:
    write(2)
    chain.link()
    previous = "0" * 64

    for link in AuditLink.objects.order_by("sequence"):
        record = AuditRecord.objects.get(id=link.record)
        fields = {
            "id": record.id.hex, "at": clock.rfc3339(record.at), "actor": record.actor, "action": record.action,
            "target": record.target, "reason": record.reason, "before": record.before, "after": record.after,
            "request_id": record.request_id,
        }  # fmt: skip
        text = json.dumps(fields, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        previous = hashlib.sha256(f"{previous}\n{link.sequence}\n{text}".encode()).hexdigest()
        assert link.hash == previous

    seal = AuditSeal.objects.get()
    key = Ed25519PublicKey.from_public_bytes(base64.b64decode(signing.public_key()))
    message = f"diboas-audit-head\n2\n{previous}\n{clock.rfc3339(seal.at)}".encode()
    key.verify(base64.b64decode(seal.signature), message)


def test_a_record_that_commits_late_is_linked_after_those_that_overtook_it(committed_db: object) -> None:
    written, go_on = threading.Event(), threading.Event()

    def slow() -> None:
        with transaction.atomic():
            audit.record(actor="system:slow", action="test.done", target="t")
            written.set()
            go_on.wait(20)
        connection.close()

    thread = threading.Thread(target=slow)
    thread.start()
    written.wait(20)
    write(actor="system:fast")
    assert chain.link() == 1
    go_on.set()
    thread.join()

    assert chain.link() == 1

    by_id = dict(AuditRecord.objects.values_list("id", "actor"))
    linked = AuditLink.objects.order_by("sequence").values_list("record", flat=True)
    assert [by_id[record] for record in linked] == ["system:fast", "system:slow"]
    assert verify.run().findings == []


def test_followers_at_the_same_time_make_one_chain(committed_db: object) -> None:
    write(60)
    linked: list[int] = []

    def follow() -> None:
        deadline = time.monotonic() + 20
        while sum(linked) < 60 and time.monotonic() < deadline:
            linked.append(chain.link(limit=7))
        connection.close()

    threads = [threading.Thread(target=follow) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sum(linked) == 60
    report = verify.run()
    assert (report.links, report.findings) == (60, [])


@pytest.mark.django_db
def test_a_record_older_than_the_overlap_is_found_by_a_thorough_look() -> None:
    write()
    chain.link()
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO audit_auditrecord (id, at, actor, action, target, reason, request_id)"
            " VALUES (%s, clock_timestamp(), 'system:test', 'a', 't', '', '')",
            [uuid.UUID(int=1)],
        )

    assert chain.link() == 0
    assert chain.link(thorough=True) == 1
