"""Quotes are used at most once, in time, by their owner."""

import re
import threading
from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction

from core.kernel import held, ids
from core.kernel.money import Money
from core.quotes import models, quotes, terms
from tests.core.quotes.factories import candidate, prepare

MINUTE = timedelta(seconds=60)


def store(customer_id=None, *, lifetime=MINUTE, prepared=None):
    return quotes.store(
        customer_id=customer_id or ids.uuid7(),
        prepared=prepared or prepare(offered=[candidate("stripe"), candidate("other", eligible=False, why="no cover")]),
        request={"method": "card", "instrument_id": None, "preferences": {"speed": "0.2"}},
        lifetime=lifetime,
    )


@pytest.mark.django_db
def test_stored_quote_reads_back_as_it_was(django_assert_num_queries):
    with django_assert_num_queries(1):
        kept = store()

    found = quotes.get(quote_id=kept.id, customer_id=kept.customer_id)

    assert found == kept
    assert (found.debit.text, found.receive.text, found.min_receive.text) == ("100.00", "96.30", "96.30")
    assert found.request["preferences"] == {"speed": "0.2"}
    assert (found.weights_version, found.used_by) == (1, None)


@pytest.mark.django_db
def test_expiry_is_the_databases_clock_plus_the_lifetime():
    kept = store(lifetime=timedelta(seconds=90))

    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        (now,) = cursor.fetchone()

    assert timedelta(seconds=80) < kept.expires_at - now <= timedelta(seconds=90)


@pytest.mark.django_db
def test_claimed_quote_belongs_to_its_transaction():
    kept, transaction_id = store(), ids.uuid7()

    claimed = quotes.claim(quote_id=kept.id, customer_id=kept.customer_id, transaction_id=transaction_id)

    assert claimed.used_by == transaction_id
    assert claimed.sheet == kept.sheet


@pytest.mark.django_db
def test_second_use_is_refused_and_changes_nothing():
    kept, first = store(), ids.uuid7()
    quotes.claim(quote_id=kept.id, customer_id=kept.customer_id, transaction_id=first)

    with pytest.raises(quotes.QuoteUsed) as refused:
        quotes.claim(quote_id=kept.id, customer_id=kept.customer_id, transaction_id=ids.uuid7())

    assert refused.value.code == "quote_used"
    assert quotes.get(quote_id=kept.id, customer_id=kept.customer_id).used_by == first


@pytest.mark.django_db
def test_one_transaction_never_uses_two_quotes():
    one, transaction_id = store(), ids.uuid7()
    two = store(one.customer_id)
    quotes.claim(quote_id=one.id, customer_id=one.customer_id, transaction_id=transaction_id)

    with pytest.raises(IntegrityError), transaction.atomic():
        quotes.claim(quote_id=two.id, customer_id=two.customer_id, transaction_id=transaction_id)

    assert quotes.get(quote_id=two.id, customer_id=two.customer_id).used_by is None


@pytest.mark.django_db
def test_expired_quote_is_gone_with_410():
    kept = store(lifetime=timedelta(0))

    with pytest.raises(quotes.QuoteExpired) as refused:
        quotes.claim(quote_id=kept.id, customer_id=kept.customer_id, transaction_id=ids.uuid7())

    assert (refused.value.code, refused.value.http_status) == ("quote_expired", 410)
    assert models.Quote.objects.get(id=kept.id).used_by is None


@pytest.mark.django_db
def test_used_quote_says_used_even_after_it_expired():
    kept = store()
    quotes.claim(quote_id=kept.id, customer_id=kept.customer_id, transaction_id=ids.uuid7())
    models.Quote.objects.filter(id=kept.id).update(expires_at=kept.expires_at - 2 * MINUTE)

    with pytest.raises(quotes.QuoteUsed):
        quotes.claim(quote_id=kept.id, customer_id=kept.customer_id, transaction_id=ids.uuid7())


@pytest.mark.django_db
def test_somebody_elses_quote_does_not_exist():
    kept = store()

    with pytest.raises(quotes.QuoteNotFound):
        quotes.get(quote_id=kept.id, customer_id=ids.uuid7())
    with pytest.raises(quotes.QuoteNotFound):
        quotes.claim(quote_id=kept.id, customer_id=ids.uuid7(), transaction_id=ids.uuid7())

    assert models.Quote.objects.get(id=kept.id).used_by is None


@pytest.mark.django_db
def test_rendering_is_the_contracts_shape():
    kept = store()

    shown = quotes.render(kept)

    assert re.fullmatch(r"qte_[0-9a-f]{32}", shown["id"])
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", shown["expires_at"])
    assert shown["provider"] == "stripe"
    assert shown["debit"] == {"amount": "100.00", "asset": "USD"}
    assert shown["receive"] == shown["min_receive"] == {"amount": "96.30", "asset": "USD"}
    assert shown["fees"]["total"] == {"amount": "3.70", "asset": "USD"}
    assert (shown["eta_seconds"], shown["suggestions"]) == (4, [])
    assert [(one["provider"], one["score"], one["why"]) for one in shown["candidates"]] == [
        ("stripe", "1.00", ""),
        ("other", "0.00", "no cover"),
    ]


@pytest.mark.django_db
def test_quote_without_provider_shows_none():
    shown = quotes.render(store(prepared=prepare("transfer", 500, side="target", offered=None)))

    assert (shown["provider"], shown["candidates"], shown["eta_seconds"]) == (None, [], 0)
    assert shown["debit"] == {"amount": "5.25", "asset": "USD"}


@pytest.mark.django_db
def test_purge_takes_only_unused_quotes_that_expired_long_ago():
    old, used, fresh = store(), store(), store()
    quotes.claim(quote_id=used.id, customer_id=used.customer_id, transaction_id=ids.uuid7())
    models.Quote.objects.filter(id__in=[old.id, used.id]).update(expires_at=old.expires_at - timedelta(days=2))

    assert quotes.purge(older_than=timedelta(days=1), limit=10) == 1

    assert set(models.Quote.objects.values_list("id", flat=True)) == {used.id, fresh.id}


@pytest.mark.django_db
def test_terms_of_a_kind_come_before_those_of_all():
    held.forget_all()
    models.Terms.objects.create(domain="investing", kind="buy", lifetime_s=15)

    assert terms.lifetime(domain="investing", kind="buy") == timedelta(seconds=15)
    assert terms.lifetime(domain="banking", kind="deposit") == timedelta(seconds=60)
    held.forget_all()


def test_of_many_claims_at_once_exactly_one_wins(committed_db):
    kept = store()
    outcomes = []
    start = threading.Barrier(8)

    def claim():
        start.wait()
        try:
            quotes.claim(quote_id=kept.id, customer_id=kept.customer_id, transaction_id=ids.uuid7())
            outcomes.append("won")
        except quotes.QuoteUsed:
            outcomes.append("used")
        finally:
            connection.close()

    threads = [threading.Thread(target=claim) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(outcomes) == ["used"] * 7 + ["won"]


@pytest.mark.django_db
def test_a_least_of_nothing_is_not_taken_for_that_of_another_asset():
    kept = quotes.store(
        customer_id=ids.uuid7(),
        prepared=prepare(offered=[candidate("stripe")]),
        request={},
        lifetime=MINUTE,
        receive=Money.of(1_000_000, "BTC:bitcoin"),
        min_receive=Money.of(0, "BTC:bitcoin"),
    )

    assert (kept.receive, kept.min_receive) == (Money.of(1_000_000, "BTC:bitcoin"), Money.of(0, "BTC:bitcoin"))
