"""Who the tests of identity are about."""

from tests.core.identity.fixtures import (
    _fresh_rates,
    client,
    customer,
    make_customer,
    member,
    refused_by,
    totp_secret,
)

__all__ = [
    "_fresh_rates",
    "client",
    "customer",
    "make_customer",
    "member",
    "refused_by",
    "totp_secret",
]
