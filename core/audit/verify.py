"""Read the whole chain again and say where it was touched: changed, deleted, moved, put in, cut off or rewritten."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db import connection

from core.audit import hashing, signing
from core.audit.books import Break
from core.kernel import clock

_PAGE = 2000
_GRACE = timedelta(minutes=1)
_LATE = timedelta(hours=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One place where the chain does not hold: the number of the link, the record's id, and what is wrong."""

    sequence: int
    record: str
    problem: str


@dataclass(slots=True, kw_only=True)
class Report:
    """What was read, where the chain stands, and all that was found."""

    links: int = 0
    seals: int = 0
    head: str = hashing.GENESIS
    findings: list[Finding] = field(default_factory=list)


@dataclass(slots=True)
class _Walk:
    """Where the walk along the chain has got to."""

    report: Report
    latest: datetime | None = None


def run(*, public_key: str = "", expect: tuple[int, str] | None = None) -> Report:
    """Verify everything.

    ``public_key`` is the auditor's copy of the key, else the one of the settings; ``expect`` a number and hash that
    the auditor wrote down earlier: it must still be in the chain, else the chain was cut off or rewritten.
    """
    walk = _Walk(Report())
    for page in _links():
        for row in page:
            _check_link(walk, row)
    report = walk.report
    key = public_key or signing.public_key()
    report.findings += [*_check_seals(report, key), *_check_unlinked(), *_check_expected(expect)]
    return report


def breaks() -> Iterator[Break]:
    """Yield what is wrong with the chain, for the checks on the books."""
    for finding in run().findings:
        yield Break(check="audit", subject=f"#{finding.sequence} {finding.record}".strip(), detail=finding.problem)


def _links() -> Iterator[list[Any]]:
    """Yield all links with their records, a page at a time, in the order of their numbers."""
    after = -(2**62)
    while True:
        with connection.cursor() as cursor:
            cursor.execute(
                f"SELECT l.sequence, l.record, l.previous_hash, l.hash, {hashing.COLUMNS}"  # noqa: S608 - our columns
                " FROM audit_auditlink l LEFT JOIN audit_auditrecord r ON r.id = l.record"
                " WHERE l.sequence > %s ORDER BY l.sequence LIMIT %s",
                [after, _PAGE],
            )
            page = cursor.fetchall()
        yield page
        if len(page) < _PAGE:
            return
        after = page[-1][0]


def _check_link(walk: _Walk, row: tuple[Any, ...]) -> None:
    """Check one link against its record and the link before; go on from what it says, to find the next fault too."""
    report = walk.report
    (sequence, record_id, previous, stored), body = row[:4], row[4:]
    problems: list[str] = []
    expected = report.links + 1
    if sequence != expected:
        missing = f"{expected}" if sequence == expected + 1 else f"{expected} to {sequence - 1}"
        problems.append(f"link {missing} is missing before this one")
    elif previous != report.head:
        problems.append("does not follow the link before: moved, replaced or put in")
    if body[0] is None:
        problems.append("its record was deleted")
    else:
        problems += _check_record(walk, sequence, previous, stored, body)
    report.findings += [Finding(sequence=sequence, record=record_id.hex, problem=text) for text in problems]
    report.links, report.head = sequence, stored


def _check_record(walk: _Walk, sequence: int, previous: str, stored: str, body: tuple[Any, ...]) -> Iterator[str]:
    record = hashing.content(row=body)
    if hashing.link_hash(previous_hash=previous, sequence=sequence, record=record) != stored:
        yield "record or link was changed: the hash does not match"
    if walk.latest is not None and record.at < walk.latest - _LATE:
        yield "says it is older than the records before it: put in afterwards"
    walk.latest = max(record.at, walk.latest or record.at)


def _check_seals(report: Report, key: str) -> Iterator[Finding]:
    """Every seal must be signed by the key, and match the link it seals; the last link must have one."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT s.sequence, s.hash, s.at, s.signature, l.hash FROM audit_auditseal s"
            " LEFT JOIN audit_auditlink l ON l.sequence = s.sequence ORDER BY s.sequence"
        )
        seals = cursor.fetchall()
    report.seals = len(seals)
    for sequence, head, at, signature, linked in seals:
        rendered = clock.rfc3339(at)
        if not signing.verifies(sequence=sequence, head=head, at=rendered, signature=signature, key=key):
            yield Finding(sequence=sequence, record="", problem="the seal is not signed by this key")
        if linked is None:
            yield Finding(sequence=sequence, record="", problem="sealed, but the link is gone: the end was cut off")
        elif linked != head:
            yield Finding(sequence=sequence, record="", problem="the chain was rewritten after it was sealed")
    if report.links and (not seals or seals[-1][0] < report.links):
        yield Finding(sequence=report.links, record="", problem="the head of the chain has no seal")


def _check_unlinked() -> Iterator[Finding]:
    """A record without a link is new, or was put in where nobody follows, or its link was deleted."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT r.id FROM audit_auditrecord r WHERE r.at < clock_timestamp() - make_interval(secs => %s)"
            " AND NOT EXISTS (SELECT FROM audit_auditlink l WHERE l.record = r.id) ORDER BY r.id LIMIT 1000",
            [_GRACE.total_seconds()],
        )
        for (record_id,) in cursor.fetchall():
            yield Finding(sequence=0, record=record_id.hex, problem="has no link")


def _check_expected(expect: tuple[int, str] | None) -> Iterator[Finding]:
    if expect is None:
        return
    sequence, head = expect
    with connection.cursor() as cursor:
        cursor.execute("SELECT hash FROM audit_auditlink WHERE sequence = %s", [sequence])
        found = cursor.fetchone()
    if found is None:
        yield Finding(
            sequence=sequence, record="", problem="a link that the auditor knows is gone: the end was cut off"
        )
    elif found[0] != head:
        yield Finding(sequence=sequence, record="", problem="a link that the auditor knows has another hash: rewritten")
