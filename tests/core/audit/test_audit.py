"""A record is written once, in the transaction of its change, and never again."""

import pytest
from django.db import IntegrityError, connection, transaction

from core.audit import audit, chain
from core.audit.models import AuditLink, AuditRecord, AuditSeal
from core.kernel import errors

pytestmark = pytest.mark.django_db


def write(**changes: object) -> None:
    values: dict[str, object] = {"actor": "staff:7", "action": "breaker.force_open", "target": "stripe:charge"}
    audit.record(**{**values, **changes})  # type: ignore[arg-type]  # the tests leave out what they want


def test_a_record_holds_who_what_why_and_the_change() -> None:
    write(reason="incident", before={"mode": "auto"}, after={"mode": "forced_open", "n": 10**30}, request_id="req_1")

    found = AuditRecord.objects.get()

    assert (found.actor, found.action, found.target) == ("staff:7", "breaker.force_open", "stripe:charge")
    assert (found.reason, found.request_id) == ("incident", "req_1")
    assert (found.before, found.after) == ({"mode": "auto"}, {"mode": "forced_open", "n": 10**30})


def test_a_record_disappears_with_the_change_it_tells_of() -> None:
    def doomed() -> None:
        with transaction.atomic():
            write()
            raise errors.Refused

    with pytest.raises(errors.Refused):
        doomed()

    assert AuditRecord.objects.count() == 0


@pytest.mark.parametrize("missing", ["actor", "action", "target"])
def test_who_what_and_to_what_cannot_be_left_out(missing: str) -> None:
    with pytest.raises(errors.SystemFault):
        write(**{missing: ""})


@pytest.mark.parametrize("value", [1.5, [1, 2.5], {"inner": {"deep": 0.1}}])
def test_a_float_is_refused_because_its_text_is_not_certain(value: object) -> None:
    with pytest.raises(TypeError):
        write(after={"value": value})
    assert AuditRecord.objects.count() == 0


@pytest.mark.parametrize("model", [AuditRecord, AuditLink, AuditSeal])
@pytest.mark.parametrize("verb", ["UPDATE {0} SET {1} = {1}", "DELETE FROM {0}", "TRUNCATE {0}"])
def test_the_database_refuses_to_touch_what_was_recorded(model: type[AuditRecord], verb: str) -> None:
    write()
    chain.link()
    statement = verb.format(model._meta.db_table, "at" if model is not AuditLink else "hash")

    with pytest.raises(IntegrityError, match="append-only"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)

    assert [AuditRecord.objects.count(), AuditLink.objects.count(), AuditSeal.objects.count()] == [1, 1, 1]
