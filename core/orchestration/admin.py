"""The engine's screens, its parts of a transaction's page and of the control tower."""

from core.console import stories, tower
from core.console.site import site
from core.orchestration.console import story, today
from core.orchestration.console.letters import LettersPage
from core.orchestration.console.transactions import TransactionsPage
from core.orchestration.models import DeadLetter, Transaction

site.register(Transaction, TransactionsPage)
site.register(DeadLetter, LettersPage)
stories.register(stories.Part(subject=story.SUBJECT, name="transaction", place=10, tell=story.head))
stories.register(stories.Part(subject=story.SUBJECT, name="money", place=20, tell=story.money))
stories.register(stories.Part(subject=story.SUBJECT, name="providers", place=30, tell=story.providers))
stories.register(stories.Part(subject=story.SUBJECT, name="audit", place=90, tell=story.trail))
tower.register(tower.Part(name="transactions", place=10, tell=today.items))
