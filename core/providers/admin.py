"""The providers' screen and their part of the control tower."""

from core.console import tower
from core.console.site import site
from core.providers.console import today
from core.providers.console.page import ProvidersPage
from core.providers.models import ProviderState

site.register(ProviderState, ProvidersPage)
tower.register(tower.Part(name="providers", place=20, tell=today.items))
