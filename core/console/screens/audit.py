"""The audit log: who did what to what, when and why, and how far the chain is proven."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db.models import Q, QuerySet
from django.http import HttpRequest

from core.audit import verify
from core.audit.models import AuditLink, AuditRecord, AuditSeal
from core.console import access, cells, memo
from core.console.cells import Cell, Tone
from core.console.listing import Column
from core.console.pages import Page
from core.console.sections import Facts, Section

_CHAIN_TTL_S = 30


class AuditPage(Page):
    """Read only for everybody. The log cannot be changed by anybody, the database refuses it."""

    heading = "Audit log"
    lead = "Who changed what, when and why. Append-only and hash-chained; nothing here can be edited or deleted."
    group = "Evidence"
    place = 90
    icon = "history_edu"
    readers = access.AUDIT_READERS
    by_day = True
    search_hint = "actor (staff:3), target (txn_…, provider:…), action or request id"
    empty = "Nothing was recorded yet."
    columns: ClassVar[list[Column]] = [
        Column(label="When", cell=lambda row: cells.linked(cells.time(row.at), f"{row.pk}/change/")),
        Column(label="Who", cell=lambda row: cells.mono(row.actor)),
        Column(label="What", cell=lambda row: cells.text(row.action)),
        Column(label="To what", cell=lambda row: cells.mono(row.target)),
        Column(label="Why", cell=lambda row: cells.text(row.reason[:120])),
    ]

    def search(self, rows: QuerySet[Any], text: str) -> QuerySet[Any]:
        return rows.filter(Q(actor=text) | Q(target=text) | Q(action=text) | Q(request_id=text))

    def above(self, request: HttpRequest) -> list[Section]:
        return [chain()]

    def title_of(self, row: AuditRecord) -> str:
        return row.action

    def sections(self, request: HttpRequest, row: AuditRecord) -> list[Section]:
        link = AuditLink.objects.filter(record=row.pk).first()
        place = cells.badge("not linked yet", Tone.INFO) if link is None else cells.text(f"#{link.sequence}")
        return [
            Facts(
                title="Record",
                icon="history_edu",
                facts=[
                    ("When", cells.time(row.at)),
                    ("Who", cells.mono(row.actor)),
                    ("To what", cells.mono(row.target)),
                    ("Why", cells.text(row.reason)),
                    ("Request", cells.mono(row.request_id)),
                    ("Place in the chain", place),
                    ("Hash", cells.mono(link.hash if link else "")),
                ],
            ),
            Facts(
                title="Before and after",
                icon="compare_arrows",
                facts=[
                    ("Before", cells.data(row.before, is_open=True)),
                    ("After", cells.data(row.after, is_open=True)),
                ],
            ),
        ]


def chain() -> Facts:
    """Say how far the chain goes and is proven. The proof reads every link, so it is kept for a moment."""
    seal = AuditSeal.objects.order_by("-sequence").first()
    report = memo.kept("audit.chain", ttl_s=_CHAIN_TTL_S, fn=verify.run)
    links, findings = report.links, len(report.findings)
    verdict: Cell = (
        cells.badge(f"verified up to #{links}", Tone.SUCCESS, icon="verified")
        if not findings
        else cells.badge(f"{findings} places do not hold", Tone.DANGER)
    )
    return Facts(
        title="The chain",
        icon="link",
        note="Anybody can check it: manage.py verify_audit",
        facts=[
            ("Proof", verdict),
            ("Last seal", cells.text(f"#{seal.sequence}" if seal else "")),
            ("Sealed", cells.time(seal.at if seal else None)),
        ],
    )


def of(target: str) -> list[AuditRecord]:
    """Return the newest records about something, newest first."""
    return list(AuditRecord.objects.filter(target=target).order_by("-id")[:50])
