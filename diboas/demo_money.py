"""What the demo people start with: money, a card and a bank account, and our own cover at the bank that pays out."""

from uuid import UUID

from banking.models import Instrument, InstrumentStatus, InstrumentType
from banking.services import instruments
from core.identity import customers
from core.kernel.money import Money
from core.ledger import funding

COVER = Money.of(1_000_000_00, "USD")  # what the sandbox's bank account holds when it is opened
# What the pretend world gives our wallets on the chain (diboas/runner/chain/server.py).
TREASURY = Money.of(1_000_000 * 10**6, "USDC:ethereum")
GAS = Money.of(100 * 10**18, "ETH:ethereum")
# What the pretend exchange's account begins with (sandbox/kraken/exchange/listing.py): our own, prefunded.
EXCHANGE = (
    Money.of(50_000_000_00, "USD"),
    Money.of(50_000_000 * 10**6, "USDC:ethereum"),
    Money.of(1_000_000 * 10**6, "USDT:ethereum"),
    Money.of(500 * 10**8, "BTC:bitcoin"),
    Money.of(10_000 * 10**18, "ETH:ethereum"),
    Money.of(100_000 * 10**9, "SOL:solana"),
    Money.of(5_000_000 * 10**9, "SUI:sui"),
)
ALLOWANCE = Money.of(100_000_00, "USD")
# The one who keeps every default also keeps within what his level may move at once.
SMALL_ALLOWANCE = Money.of(1_000_00, "USD")
COINS = Money.of(5_000 * 10**6, "USDC:ethereum")
FULL_LEVEL = 3
CARD_TOKEN = "pm_card_visa"  # noqa: S105 - the provider's public test card
ROUTING_NUMBER = "101050001"
FIRST_ACCOUNT = 9_876_543_210


def open_cover() -> None:
    """Record where our own money lies, once: with who pays out, on the exchange, and at our addresses on the chain."""
    funding.open(provider="increase", amount=COVER)
    for amount in EXCHANGE:
        funding.open(provider="kraken", amount=amount)
    funding.open_on_chain(role="treasury", amount=TREASURY)
    funding.open_on_chain(role="gas", amount=GAS)


def grant_coins(*, customer_id: UUID, handle: str) -> None:
    """Give a demo customer coins, once: for swaps and strategies, which begin with them."""
    funding.grant(customer_id=customer_id, amount=COINS, key=f"demo:{handle}:coins")


def settle_in(*, customer_id: UUID, handle: str, name: str, number: int) -> dict[str, str]:
    """Give a demo customer money and instruments, once; return the instruments' public ids."""
    level = customers.get(customer_id).kyc_level
    allowance = ALLOWANCE if level >= FULL_LEVEL else SMALL_ALLOWANCE
    funding.grant(customer_id=customer_id, amount=allowance, key=f"demo:{handle}")
    card = _find(customer_id, InstrumentType.CARD) or instruments.add_card(
        customer_id=customer_id, card=instruments.NewCard(token=CARD_TOKEN, holder=name, label="Visa")
    )
    account = _find(customer_id, InstrumentType.BANK_ACCOUNT) or instruments.add_bank_account(
        customer_id=customer_id,
        account=instruments.NewBankAccount(
            routing_number=ROUTING_NUMBER, account_number=str(FIRST_ACCOUNT + number), funding="checking", holder=name
        ),
    )
    return {"card": card.public_id, "bank_account": account.public_id}


def _find(customer_id: UUID, kind: InstrumentType) -> Instrument | None:
    return (
        Instrument.objects.filter(customer_id=customer_id, type=kind, status=InstrumentStatus.ACTIVE)
        .order_by("id")
        .first()
    )
