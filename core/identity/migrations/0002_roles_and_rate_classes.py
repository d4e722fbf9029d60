"""Make the groups that are the roles of staff, and the first rate classes."""

from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

_ROLES = (
    "operations",
    "senior_operations",
    "treasury",
    "compliance_analyst",
    "compliance_officer",
    "risk",
    "security",
    "auditor",
)
_LIMITS = {
    "standard": {"create": "10/minute", "balance": "30/minute", "quote": "100/minute", "default": "300/minute"},
    "bench": dict.fromkeys(("create", "balance", "quote", "default"), "1000000/minute"),
}


def _fill(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    group = apps.get_model("auth", "Group")
    for name in _ROLES:
        group.objects.get_or_create(name=name)
    rates = apps.get_model("identity", "RateClass")
    rates.objects.bulk_create(
        [rates(code=code, scope=scope, limit=limit) for code, limits in _LIMITS.items() for scope, limit in limits.items()]
    )


def _empty(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    apps.get_model("identity", "RateClass").objects.filter(code__in=_LIMITS).delete()
    apps.get_model("auth", "Group").objects.filter(name__in=_ROLES).delete()


class Migration(migrations.Migration):
    dependencies = [("identity", "0001_initial"), ("auth", "0012_alter_user_first_name_max_length")]
    operations = [migrations.RunPython(_fill, _empty)]
