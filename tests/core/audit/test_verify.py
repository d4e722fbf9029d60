"""Whoever reaches around the triggers and changes the record is found, and so is the place."""

import io
from collections.abc import Iterator
from uuid import UUID

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, transaction

from core.audit import audit, chain, hashing, verify
from core.audit.models import AuditLink, AuditRecord
from core.kernel import ids

pytestmark = pytest.mark.django_db
MOVED = "does not follow the link before: moved, replaced or put in"
CHANGED = "record or link was changed: the hash does not match"


@pytest.fixture(autouse=True)
def ten_records() -> Iterator[None]:
    """A chain of ten in two sealed halves, and an intruder who has switched the triggers off."""
    for half in range(2):
        with transaction.atomic():
            for number in range(5):
                audit.record(actor="system:test", action="test.done", target=f"t:{half}{number}", after={"n": number})
        chain.link()
    for table in ("record", "link", "seal"):
        execute(f"ALTER TABLE audit_audit{table} DISABLE TRIGGER USER")
    yield
    for table in ("record", "link", "seal"):
        execute(f"ALTER TABLE audit_audit{table} ENABLE TRIGGER USER")


def execute(statement: str, *values: object) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)  # type: ignore[arg-type]  # whatever a test puts in


def record_of(sequence: int) -> UUID:
    return AuditLink.objects.get(sequence=sequence).record


def found() -> list[tuple[int, str]]:
    return [(finding.sequence, finding.problem) for finding in verify.run().findings]


def test_an_untouched_chain_is_clean() -> None:
    report = verify.run()

    assert (report.links, report.seals, report.findings) == (10, 2, [])


@pytest.mark.parametrize(
    "change",
    [
        "actor = 'staff:1'", "action = 'x'", "target = 'x'", "reason = 'x'", "request_id = 'x'",
        "before = '{}'::jsonb", "after = '{\"n\": 77}'::jsonb", "after = NULL", "at = at + interval '1 microsecond'",
    ],
)  # fmt: skip
def test_a_changed_record_is_found_in_its_place(change: str) -> None:
    execute(f"UPDATE audit_auditrecord SET {change} WHERE id = %s", record_of(4))  # noqa: S608 - a test's own text

    assert found() == [(4, CHANGED)]


def test_a_deleted_record_is_found() -> None:
    record = record_of(7)
    execute("DELETE FROM audit_auditrecord WHERE id = %s", record)

    (finding,) = verify.run().findings
    assert (finding.sequence, finding.record, finding.problem) == (7, record.hex, "its record was deleted")


def test_a_record_deleted_with_its_link_is_found() -> None:
    execute("DELETE FROM audit_auditrecord WHERE id = %s", record_of(7))
    execute("DELETE FROM audit_auditlink WHERE sequence = 7")

    assert found() == [(8, "link 7 is missing before this one")]


def test_a_gap_closed_by_renumbering_is_found() -> None:
    execute("DELETE FROM audit_auditrecord WHERE id = %s", record_of(7))
    execute("DELETE FROM audit_auditlink WHERE sequence = 7")
    for sequence in (8, 9, 10):
        execute("UPDATE audit_auditlink SET sequence = sequence - 1 WHERE sequence = %s", sequence)

    assert found() == [
        (7, MOVED),
        (7, CHANGED),
        (8, CHANGED),
        (9, CHANGED),
        (10, "sealed, but the link is gone: the end was cut off"),
    ]


def test_two_records_that_changed_places_are_found() -> None:
    execute("UPDATE audit_auditlink SET sequence = -3 WHERE sequence = 3")
    execute("UPDATE audit_auditlink SET sequence = 3 WHERE sequence = 4")
    execute("UPDATE audit_auditlink SET sequence = 4 WHERE sequence = -3")

    assert [place for place, problem in found() if problem == MOVED] == [3, 4, 5]
    assert [place for place, problem in found() if problem == CHANGED] == [3, 4]


def test_contents_that_changed_places_are_found() -> None:
    one, other = record_of(3), record_of(4)
    execute("UPDATE audit_auditlink SET record = %s WHERE sequence = 3", UUID(int=1))
    execute("UPDATE audit_auditlink SET record = %s WHERE sequence = 4", one)
    execute("UPDATE audit_auditlink SET record = %s WHERE sequence = 3", other)

    assert found() == [(3, CHANGED), (4, CHANGED)]


def test_a_record_put_in_behind_the_followers_back_is_found() -> None:
    forged = _insert_record("clock_timestamp() - interval '10 minutes'")

    (finding,) = verify.run().findings
    assert (finding.record, finding.problem) == (forged.hex, "has no link")


def test_a_link_put_in_between_is_found() -> None:
    forged = _insert_record("clock_timestamp()")
    for sequence in range(10, 5, -1):
        execute("UPDATE audit_auditlink SET sequence = sequence + 1 WHERE sequence = %s", sequence)
    head = AuditLink.objects.get(sequence=5).hash
    execute("INSERT INTO audit_auditlink VALUES (6, %s, %s, %s)", forged, head, "f" * 64)

    places = [place for place, _ in found()]
    assert 6 in places
    assert 7 in places


def test_a_record_dated_back_is_found_although_it_was_linked() -> None:
    forged = _insert_record("clock_timestamp() - interval '1 day'")
    chain.link(thorough=True)

    (finding,) = verify.run().findings
    assert (finding.sequence, finding.record) == (11, forged.hex)
    assert "older than the records before it" in finding.problem


def test_a_chain_computed_anew_does_not_match_its_seals() -> None:
    """The intruder knows how hashes are made, and rewrites all of them, but has no key."""
    execute("UPDATE audit_auditrecord SET actor = 'nobody' WHERE id = %s", record_of(4))
    _recompute_all()

    assert found() == [
        (5, "the chain was rewritten after it was sealed"),
        (10, "the chain was rewritten after it was sealed"),
    ]


def test_seals_made_with_another_key_are_found() -> None:
    execute("UPDATE audit_auditrecord SET actor = 'nobody' WHERE id = %s", record_of(8))
    _recompute_all()
    execute("UPDATE audit_auditseal s SET hash = l.hash FROM audit_auditlink l WHERE l.sequence = s.sequence")

    assert found() == [(10, "the seal is not signed by this key")]


def test_a_cut_off_end_is_found_by_its_seal() -> None:
    for sequence in (9, 10):
        execute("DELETE FROM audit_auditrecord WHERE id = %s", record_of(sequence))
        execute("DELETE FROM audit_auditlink WHERE sequence = %s", sequence)

    assert found() == [(10, "sealed, but the link is gone: the end was cut off")]


def test_an_end_cut_off_with_its_seals_is_found_by_an_auditor_who_kept_the_head() -> None:
    kept = verify.run()
    for sequence in range(6, 11):
        execute("DELETE FROM audit_auditrecord WHERE id = %s", record_of(sequence))
        execute("DELETE FROM audit_auditlink WHERE sequence = %s", sequence)
    execute("DELETE FROM audit_auditseal WHERE sequence = 10")

    assert found() == []
    (finding,) = verify.run(expect=(kept.links, kept.head)).findings
    assert finding.problem == "a link that the auditor knows is gone: the end was cut off"


def test_deleted_seals_are_found() -> None:
    execute("DELETE FROM audit_auditseal")

    assert found() == [(10, "the head of the chain has no seal")]


def test_the_command_prints_each_fault_and_fails() -> None:
    record = record_of(4)
    execute("UPDATE audit_auditrecord SET reason = 'x' WHERE id = %s", record)
    out = io.StringIO()

    with pytest.raises(CommandError, match="1 faults") as failure:
        call_command("verify_audit", stdout=out)

    assert failure.value.returncode == 1
    assert f"#4 {record.hex} {CHANGED}" in out.getvalue()


def test_the_command_prints_the_head_for_the_auditor_to_keep() -> None:
    out = io.StringIO()

    call_command("verify_audit", stdout=out)

    head = AuditLink.objects.get(sequence=10).hash
    assert f"10 links and 2 seals read, head 10:{head}" in out.getvalue()
    call_command("verify_audit", f"--expect=10:{head}", stdout=io.StringIO())
    with pytest.raises(CommandError):
        call_command("verify_audit", f"--expect=10:{'0' * 64}", stdout=io.StringIO())


def _insert_record(at: str) -> UUID:
    forged = ids.uuid7()
    execute(
        "INSERT INTO audit_auditrecord (id, at, actor, action, target, reason, request_id)"  # noqa: S608 - own text
        f" VALUES (%s, {at}, 'staff:1', 'approved', 't', '', '')",
        forged,
    )
    return forged


def _recompute_all() -> None:
    head = hashing.GENESIS
    for link in AuditLink.objects.order_by("sequence"):
        row = AuditRecord.objects.get(id=link.record)
        content = hashing.Content(
            row.id, row.at, row.actor, row.action, row.target, row.reason, row.before, row.after, row.request_id
        )
        previous, head = head, hashing.link_hash(previous_hash=head, sequence=link.sequence, record=content)
        execute(
            "UPDATE audit_auditlink SET previous_hash = %s, hash = %s WHERE sequence = %s",
            previous,
            head,
            link.sequence,
        )
