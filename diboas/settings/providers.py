"""The providers' addresses and secrets; in development they are the sandbox's."""

from typing import Any

from diboas.settings import env

PROVIDERS: dict[str, dict[str, Any]] = {
    "stripe": {
        "base_url": env.text("STRIPE_BASE_URL", "https://api.stripe.com"),
        "api_key": env.secret("STRIPE_API_KEY"),
        "webhook_secrets": env.secrets("STRIPE_WEBHOOK_SECRETS"),
    },
    "increase": {
        "base_url": env.text("INCREASE_BASE_URL", "https://api.increase.com"),
        "api_key": env.secret("INCREASE_API_KEY"),
        "webhook_secrets": env.secrets("INCREASE_WEBHOOK_SECRETS"),
        "account_id": env.secret("INCREASE_ACCOUNT_ID"),
    },
    "kraken": {
        "base_url": env.text("KRAKEN_BASE_URL", "https://api.kraken.com"),
        "api_key": env.secret("KRAKEN_API_KEY"),
        "api_secret": env.secret("KRAKEN_API_SECRET"),
    },
}
