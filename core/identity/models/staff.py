"""Members of staff. Their roles are the Django groups named in ``core.identity.roles``."""

from __future__ import annotations

from django.db import models


class StaffProfile(models.Model):
    """What is known of a member of staff beyond the sign-in."""

    user = models.OneToOneField("identity.User", on_delete=models.PROTECT, related_name="+", primary_key=True)
    display_name = models.CharField(max_length=100)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        db_table = "identity_staff_profile"

    def __str__(self) -> str:
        return self.display_name
