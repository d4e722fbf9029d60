"""The doors: DRF, the OpenAPI document, sign-in through allauth's headless API."""

from core.api.conf import *
from core.identity.conf import *
from diboas.settings import env

HEADLESS_JWT_PRIVATE_KEY = env.secret("JWT_KEY")

# Two fields called "type" with choices of their own: without a name the generator makes one up.
SPECTACULAR_SETTINGS = {
    **SPECTACULAR_SETTINGS,
    "ENUM_NAME_OVERRIDES": {
        "InstrumentTypeEnum": "banking.models.instrument.InstrumentType.values",
        "PositionStatusEnum": "defi.models.position.PositionState.values",
    },
}
