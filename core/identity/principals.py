"""Who makes a request, proven: what authentication hands to everything above it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from core.identity.customers import CustomerView


class Scope(StrEnum):
    """What a token may be used for. A sign-in has them all, an API key those it was given."""

    READ = "read"
    QUOTES = "quotes"
    TRANSACT = "transact"
    MANAGE = "manage"


ALL_SCOPES: frozenset[str] = frozenset(scope.value for scope in Scope)


@dataclass(frozen=True, slots=True, kw_only=True)
class Principal:
    """A customer or a member of staff, and how he came in.

    ``key_id`` is set for an API key, ``session_key`` for a sign-in; ``mfa_at`` is when a second factor was last proven.
    ``customer`` is what was read of the customer with an API key, so that a handler need not ask again.
    ``is_bounded_key``: the key ends some day, or works from some addresses only.
    ``is_use_stale``: its last use was noted more than a minute ago.
    """

    kind: str
    user_id: int
    customer_id: UUID | None = None
    customer: CustomerView | None = field(default=None, compare=False, repr=False)
    scopes: frozenset[str] = ALL_SCOPES
    rate_class: str = "standard"
    is_frozen: bool = False
    mfa_at: datetime | None = None
    key_id: UUID | None = None
    is_bounded_key: bool = False
    is_use_stale: bool = False
    session_key: str = ""
    device: UUID | None = None

    # Django's and DRF's own code asks ``request.user`` for these.
    is_authenticated = True
    is_active = True

    @property
    def pk(self) -> int:
        return self.user_id

    @property
    def actor(self) -> str:
        """The text by which records name this principal: ``customer:<hex>`` or ``staff:<user id>``."""
        return f"staff:{self.user_id}" if self.customer_id is None else f"customer:{self.customer_id.hex}"
