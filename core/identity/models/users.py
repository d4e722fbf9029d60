"""People who can sign in, customers and staff alike."""

from __future__ import annotations

from typing import ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin
from django.db import models
from django.db.models.functions import Lower


class UserManager(BaseUserManager["User"]):
    """Makes users the way Django's own commands expect it."""

    def get_by_natural_key(self, username: str | None) -> User:
        return self.get(email=(username or "").strip().lower())

    def create_user(self, email: str, password: str | None = None) -> User:
        return self._create(email, password)

    def create_superuser(self, email: str, password: str | None = None) -> User:
        return self._create(email, password, is_staff=True, is_superuser=True)

    def _create(self, email: str, password: str | None, *, is_staff: bool = False, is_superuser: bool = False) -> User:
        user = self.model(email=email.strip().lower(), is_staff=is_staff, is_superuser=is_superuser)
        user.set_password(password)
        user.save(using=self._db)
        return user


class User(AbstractBaseUser, PermissionsMixin):
    """Someone with an e-mail address and a password. The address is kept in lower case."""

    email = models.EmailField(max_length=254, unique=True)
    is_staff = models.BooleanField(default=False)
    is_active = models.BooleanField(default=True)
    date_joined = models.DateTimeField(auto_now_add=True)

    objects: ClassVar[UserManager] = UserManager()

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    class Meta:
        db_table = "identity_user"
        constraints = (
            models.CheckConstraint(name="identity_user_email_lower", condition=models.Q(email=Lower("email"))),
        )

    def __str__(self) -> str:
        return self.email
