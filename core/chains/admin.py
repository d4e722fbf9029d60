"""The chains' screens, and what they say of a transaction."""

from core.chains.console import pages, parts
from core.chains.models import Arrival, ChainOperation, Wallet
from core.console import stories
from core.console.site import site

site.register(ChainOperation, pages.OperationsPage)
site.register(Wallet, pages.WalletsPage)
site.register(Arrival, pages.ArrivalsPage)
stories.register(stories.Part(subject="transaction", name="chain", place=35, tell=parts.of_transaction))
