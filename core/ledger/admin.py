"""The books' screens, and what they say of a provider."""

from core.console import stories
from core.console.site import site
from core.ledger.console.pages import READERS, AccountsPage, EntriesPage, TrialPage, with_provider
from core.ledger.models import Account, Entry, SystemBalance

site.register(SystemBalance, TrialPage)
site.register(Entry, EntriesPage)
site.register(Account, AccountsPage)
stories.register(stories.Part(subject="provider", name="books", place=10, tell=with_provider, readers=READERS))
