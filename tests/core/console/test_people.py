"""How other screens show and find customers."""

from types import SimpleNamespace
from uuid import uuid4

import pytest
from pytest_django import DjangoAssertNumQueries

from core.console import people
from core.identity.models import Customer
from core.kernel import ids
from tests.core.orchestration import world

pytestmark = pytest.mark.django_db


def test_every_row_gets_its_customers_handle_in_one_query(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    ana, bruno = world.customer("ana"), world.customer("bruno")
    rows = [SimpleNamespace(customer_id=each) for each in (ana.id, bruno.id, ana.id, uuid4())]

    with django_assert_num_queries(1):
        people.add_handles(rows)

    assert [row.handle for row in rows] == ["ana", "bruno", "ana", "unknown"]


@pytest.mark.parametrize("text", ["@ana", "ana", "ANA"])
def test_a_handle_means_what_is_the_customers(text: str) -> None:
    ana, found = world.customer("ana"), people.meant(text, by_id={})

    assert found.children == [("customer_id", ana.id)]


def test_an_id_means_the_column_of_its_prefix() -> None:
    ana, _ = world.customer("ana"), world.customer("bruno")
    text = ids.render(ids.Prefix.CUSTOMER, ana.id)

    rows = Customer.objects.filter(people.meant(text, by_id={ids.Prefix.CUSTOMER: "id", ids.Prefix.CASE: "user_id"}))

    assert [row.handle for row in rows] == ["ana"]


def test_anything_else_means_nothing() -> None:
    world.customer("ana")

    assert not Customer.objects.filter(people.meant("anything", by_id={ids.Prefix.CUSTOMER: "id"})).exists()
