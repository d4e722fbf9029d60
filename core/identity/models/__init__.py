"""Owns the tables of identity. Does not own their writes (services). Entry points: the classes below."""

from core.identity.models.api_keys import ApiKey
from core.identity.models.customers import Customer, CustomerStatus
from core.identity.models.devices import Device
from core.identity.models.rates import RateClass
from core.identity.models.staff import StaffProfile
from core.identity.models.users import User

__all__ = ["ApiKey", "Customer", "CustomerStatus", "Device", "RateClass", "StaffProfile", "User"]
