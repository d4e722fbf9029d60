"""How passwords are hashed: Argon2id at the cost that OWASP recommends (ADR 0018)."""

from django.contrib.auth.hashers import Argon2PasswordHasher


class LeanArgon2PasswordHasher(Argon2PasswordHasher):
    """19 MiB, two passes, one lane: as hard to attack as more memory with fewer passes, and bounded under load.

    Hashes made at another cost are verified by what they say about themselves and renewed at the next sign-in.
    Source: OWASP Password Storage Cheat Sheet, Argon2id.
    """

    time_cost = 2
    memory_cost = 19 * 1024  # KiB
    parallelism = 1
