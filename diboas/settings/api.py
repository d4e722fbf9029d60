"""The doors: DRF, the OpenAPI document, sign-in through allauth's headless API."""

from core.api.conf import *
from core.identity.conf import *
from diboas.settings import env

HEADLESS_JWT_PRIVATE_KEY = env.secret("JWT_KEY")
