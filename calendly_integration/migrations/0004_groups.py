"""Two groups to put people into: those who act, and those who look."""

from django.contrib.auth.management import create_permissions
from django.db import migrations

STAFF, VIEWERS = "Calendly staff", "Calendly viewers"
ACTS = (
    "add_booking",
    "cancel_booking",
    "reschedule_booking",
    "mark_no_show",
    "export_booking",
    "change_eventtype",
    "change_followup",
    "replay_delivery",
    "resend_message",
    "manage_connection",
    "manage_agent_keys",
)


def make(apps, schema_editor):
    """Rights are made after all migrations otherwise, which is too late for the groups that hold them."""
    config = apps.get_app_config("calendly_integration")
    config.models_module = True
    create_permissions(config, apps=apps, verbosity=0, using=schema_editor.connection.alias)
    config.models_module = None
    alias = schema_editor.connection.alias
    Group = apps.get_model("auth", "Group")
    Permission = apps.get_model("auth", "Permission")
    ours = Permission.objects.using(alias).filter(content_type__app_label="calendly_integration")
    looking = ours.filter(codename__startswith="view_")
    viewers, _made = Group.objects.using(alias).get_or_create(name=VIEWERS)
    viewers.permissions.add(*looking)
    staff, _made = Group.objects.using(alias).get_or_create(name=STAFF)
    staff.permissions.add(*looking, *ours.filter(codename__in=ACTS))


class Migration(migrations.Migration):
    dependencies = [
        ("calendly_integration", "0003_search"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
    ]

    # A group stays when the app is migrated back: people may be in it.
    operations = [migrations.RunPython(make, migrations.RunPython.noop)]
