"""Screens of the packages below the console, which cannot bring their own."""

from core.audit.models import AuditRecord
from core.console.screens.audit import AuditPage
from core.console.screens.customers import CustomersPage
from core.console.screens.staff import StaffPage
from core.console.site import site
from core.identity.models import Customer, StaffProfile

site.register(Customer, CustomersPage)
site.register(AuditRecord, AuditPage)
site.register(StaffProfile, StaffPage)
