"""Refreshing at the same moment from several threads, with real commits."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connections
from django.test import RequestFactory

from core.identity import customers, sign_in
from core.identity.models import User


@pytest.mark.usefixtures("committed_db")
def test_of_racing_refreshes_with_one_token_one_wins_and_the_family_ends():
    new = customers.NewCustomer(
        email="ann@example.com", password="correct-horse-battery", handle="ann", display_name="Ann", country="DE"
    )
    customers.create(new)
    request = RequestFactory().get("/")
    pair = sign_in.open_session(request=request, user=User.objects.get(email=new.email))

    def once(_: int) -> str:
        try:
            sign_in.refresh(token=pair.refresh)
        except sign_in.CredentialsRefused as refused:
            return refused.code
        finally:
            connections.close_all()
        return "ok"

    with ThreadPoolExecutor(4) as pool:
        answers = sorted(pool.map(once, range(4)))

    assert answers == ["invalid_credentials", "invalid_credentials", "ok", "refresh_token_reused"]
    assert sign_in.read_access_token(pair.access) is None
