"""Second-factor secrets are kept encrypted, as allauth.mfa lets us."""

from __future__ import annotations

from allauth.mfa.adapter import DefaultMFAAdapter

from core.encryption import cipher

WHERE = "mfa_authenticator.data"


class EncryptingAdapter(DefaultMFAAdapter):  # type: ignore[misc]  # allauth ships no types
    """Encrypts TOTP secrets and the seed of recovery codes with the platform's field keys."""

    def encrypt(self, text: str) -> str:
        return cipher.encrypt(text, context=WHERE)

    def decrypt(self, encrypted_text: str) -> str:
        return cipher.decrypt(encrypted_text, context=WHERE)
