"""ETags are row versions; If-Match guards a change against what somebody else changed in between."""

from __future__ import annotations

from rest_framework.request import Request

from core.kernel import errors


class VersionMismatch(errors.Conflict):
    """The object is not in the version that If-Match names."""

    default_code = "version_mismatch"
    http_status = 412


def of(version: int) -> str:
    """Return the ETag of a row's version."""
    return f'"{version}"'


def check(request: Request, *, version: int) -> None:
    """Go on if there is no If-Match or if it names ``version``.

    Raises: VersionMismatch (412).
    """
    given = request.META.get("HTTP_IF_MATCH", "").strip()
    if not given or given == "*":
        return
    if of(version) not in [tag.strip() for tag in given.split(",")]:
        raise VersionMismatch(detail="This was changed since you read it. Read it again.")
