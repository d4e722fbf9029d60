"""Money that a provider holds for the platform: totals by currency, and what is not available yet."""

from __future__ import annotations

from sandbox.engine.store import Store


class Funds:
    """Adds and tells balances. An account is any text; amounts are cents."""

    def __init__(self, *, store: Store) -> None:
        self._store = store

    def move(self, *, account: str, currency: str, net: int, available_at: float | None = None) -> None:
        """Add ``net`` (negative: take) to an account; with ``available_at`` it is pending until then."""
        self._store.write(
            "INSERT INTO balances (account, currency, total) VALUES (?, ?, ?)"
            " ON CONFLICT (account, currency) DO UPDATE SET total = total + excluded.total",
            (account, currency, net),
        )
        if available_at is not None:
            self._store.write(
                "INSERT INTO funds (account, currency, net, available_at) VALUES (?, ?, ?, ?)",
                (account, currency, net, available_at),
            )

    def totals(self, *, account: str) -> dict[str, int]:
        """Return the total by currency."""
        rows = self._store.read("SELECT currency, total FROM balances WHERE account = ? ORDER BY 1", (account,))
        return {str(currency): int(total) for currency, total in rows}

    def pending(self, *, account: str, now: float) -> dict[str, int]:
        """Return by currency what is in the total and not available yet."""
        rows = self._store.read(
            "SELECT currency, sum(net) FROM funds WHERE account = ? AND available_at > ? GROUP BY 1", (account, now)
        )
        return {str(currency): int(net) for currency, net in rows}

    def open(self, *, account: str, currency: str, total: int) -> None:
        """Give an account its first balance, once in the life of the database."""
        self._store.write(
            "INSERT INTO balances (account, currency, total) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
            (account, currency, total),
        )
