"""Argon2 at a cost that only tests can afford. Never in a setting of production."""

from django.contrib.auth.hashers import Argon2PasswordHasher


class CheapArgon2PasswordHasher(Argon2PasswordHasher):
    """The same algorithm with the least memory and one pass."""

    time_cost = 1
    memory_cost = 8
    parallelism = 1
