"""The demo people: signed in by what the file says, the same after a second start."""

import pytest

from core.identity import api_keys, customers, second_factor
from core.identity.models import Customer, User
from core.ledger import queries
from diboas import demo_money, demo_people

pytestmark = pytest.mark.django_db


def test_people_differ_as_the_data_says() -> None:
    demo_people.load(known={})

    found = {row.handle: (row.rate_class, row.kyc_level) for row in Customer.objects.all()}
    assert found == {
        "ana": ("bench", 3),
        "bruno": ("bench", 3),
        "carla": ("bench", 3),
        "dora": ("standard", 1),
        "eva": ("bench", 3),
    }


def test_sign_ins_work() -> None:
    facts = demo_people.load(known={})

    ana = facts["customers"][0]
    user = User.objects.get(email=ana["email"])
    proof = api_keys.prove(ana["api_key"])
    assert user.check_password(ana["password"])
    assert proof is not None
    assert proof.user_id == user.pk
    assert {each["role"] for each in facts["staff"]} == {*demo_people.ROLES, "superuser"}
    for each in facts["staff"]:
        member = User.objects.get(email=each["email"])
        assert member.is_staff
        assert member.is_superuser == (each["role"] == "superuser")
        assert second_factor.is_enrolled(user_id=member.pk)


def test_a_second_start_keeps_everything() -> None:
    first = demo_people.load(known={})

    assert demo_people.load(known=first) == first
    assert User.objects.count() == len(first["customers"]) + len(first["staff"])


def test_a_lost_file_gives_new_sign_ins_to_the_same_customers() -> None:
    first = demo_people.load(known={})

    second = demo_people.load(known={})

    old, new = first["customers"][0], second["customers"][0]
    assert (old["handle"], old["instruments"]) == (new["handle"], new["instruments"])
    assert old["api_key"] != new["api_key"]
    user = User.objects.get(email=new["email"])
    assert user.check_password(new["password"])
    assert User.objects.filter(is_staff=True, is_active=True).count() == len(second["staff"])


def test_everybody_starts_with_the_same_money_once() -> None:
    facts = demo_people.load(known={})
    demo_people.load(known=facts)

    ana = customers.find_by_handle("ana")
    assert ana is not None
    posted = [row.posted for row in queries.balances(customer_id=ana.id)]
    assert posted == [demo_money.ALLOWANCE]


def test_one_begins_with_coins_on_the_chain() -> None:
    facts = demo_people.load(known={})
    demo_people.load(known=facts)

    eva = customers.find_by_handle("eva")
    assert eva is not None
    posted = {row.asset: row.posted for row in queries.balances(customer_id=eva.id)}
    assert posted == {"USD": demo_money.ALLOWANCE, "USDC:ethereum": demo_money.COINS}
