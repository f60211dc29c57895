"""What bookings are searched by: filled in for those that are there, and indexed where PostgreSQL can."""

import unicodedata

from django.db import migrations, transaction
from django.db.utils import DatabaseError

STEP = 2000


def key(*texts):
    bare = unicodedata.normalize("NFKD", " ".join(texts).casefold())
    return " ".join("".join(char for char in bare if not unicodedata.combining(char)).split())


def fill(apps, schema_editor):
    Booking = apps.get_model("calendly_integration", "Booking")
    rows = Booking.objects.using(schema_editor.connection.alias)
    batch = []
    columns = rows.filter(search_key="").only("invitee_name", "invitee_email", "phone")
    for booking in columns.iterator(chunk_size=STEP):
        booking.search_key = key(booking.invitee_name, booking.invitee_email, booking.phone)
        batch.append(booking)
        if len(batch) == STEP:
            rows.bulk_update(batch, ["search_key"])
            batch = []
    if batch:
        rows.bulk_update(batch, ["search_key"])


def index(apps, schema_editor):
    """Without the right to make the extension the search is right but slow; the doctor says what to do."""
    connection = schema_editor.connection
    if connection.vendor != "postgresql":
        return
    try:
        with transaction.atomic(using=connection.alias), connection.cursor() as cursor:
            cursor.execute("CREATE EXTENSION IF NOT EXISTS pg_trgm")
            cursor.execute(
                "CREATE INDEX IF NOT EXISTS booking_search_trigrams"
                " ON calendly_integration_booking USING gin (search_key gin_trgm_ops)"
            )
    except DatabaseError:
        return


def leave(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute("DROP INDEX IF EXISTS booking_search_trigrams")


class Migration(migrations.Migration):
    dependencies = [("calendly_integration", "0002_back_office")]

    operations = [
        migrations.RunPython(fill, migrations.RunPython.noop),
        migrations.RunPython(index, leave),
    ]
