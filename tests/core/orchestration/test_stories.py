"""What a customer may read of how his transaction went."""

import json

import pytest

from core.api import explain
from core.compliance import cases
from core.compliance.models import Case
from core.providers.contract import Stage
from tests.core.orchestration import fakes, world
from tests.core.orchestration.fakes import said

pytestmark = pytest.mark.django_db


def test_a_block_by_law_reads_like_any_other_hold(bank: fakes.FakeProvider) -> None:
    ana = world.customer("ana", units=10_000, kyc_level=0)
    world.cover()
    bank.submits = [said(Stage.SETTLED)]
    made = world.start(ana, world.wish("withdrawal", "20.00", by=world.bank(ana)))
    world.work()
    case = Case.objects.get(transaction_id=made)

    cases.decide(case_id=case.id, decision=cases.Decision.APPROVE, reason="known", actor="staff:1")
    world.work()

    assert world.see(made).state == "COMPLETED"
    assert [hold["outcome"] for hold in explain.collect(made)["holds"]] == ["released", "captured"]


def test_the_journal_of_a_transfer_does_not_name_the_recipients_account() -> None:
    ana, ben = world.customer("ana", units=10_000), world.customer("ben")
    made = world.start(ana, world.wish("transfer", "5.00", side="target", to=ben))
    world.work()

    told = explain.collect(made)

    assert ben.id.hex not in json.dumps(told)
    (entry,) = told["entries"]
    assert [line["account"] for line in entry["lines"]] == ["banking:pooled", "recipient", "fee:platform"]
