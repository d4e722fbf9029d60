"""The roles of staff. Each is a Django group of the same name, made by a migration."""

from __future__ import annotations

from enum import StrEnum


class Role(StrEnum):
    """What a member of staff is trusted with."""

    OPERATIONS = "operations"
    SENIOR_OPERATIONS = "senior_operations"
    TREASURY = "treasury"
    COMPLIANCE_ANALYST = "compliance_analyst"
    COMPLIANCE_OFFICER = "compliance_officer"
    RISK = "risk"
    SECURITY = "security"
    AUDITOR = "auditor"
