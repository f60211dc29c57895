"""Phone numbers are searched for in any spelling: what was kept before gets the spelling that is compared."""

import re
import unicodedata

from django.db import migrations, models

STEP = 2000


def number(phone):
    import phonenumbers

    rest = re.sub(r"^[\W0]+", "", phone)
    digits = re.sub(r"\D", "", rest)
    if not digits:
        return phone
    told = re.match(r"\W*?(\+|00)", phone)
    try:
        found = phonenumbers.parse(f"+{rest}", None)
    except phonenumbers.NumberParseException:
        return f"0{digits}"
    if phonenumbers.is_possible_number(found) if told else phonenumbers.is_valid_number(found):
        return f"+{found.country_code}{phonenumbers.national_significant_number(found)}"
    return f"0{digits}"


def key(booking):
    text = f"{booking.invitee_name} {booking.invitee_email} {number(booking.phone)}"
    bare = unicodedata.normalize("NFKD", text.casefold())
    return " ".join(
        "".join(char for char in bare if not unicodedata.combining(char) and char != "\0").split()
    )


def spell(apps, schema_editor):
    rows = apps.get_model("calendly_integration", "Booking").objects.using(schema_editor.connection.alias)
    batch = []
    columns = rows.exclude(phone="").only("invitee_name", "invitee_email", "phone", "search_key")
    for booking in columns.iterator(chunk_size=STEP):
        fresh = key(booking)
        if fresh != booking.search_key:
            booking.search_key = fresh
            batch.append(booking)
        if len(batch) == STEP:
            rows.bulk_update(batch, ["search_key"])
            batch = []
    if batch:
        rows.bulk_update(batch, ["search_key"])


class Migration(migrations.Migration):
    dependencies = [("calendly_integration", "0005_today_and_search")]

    operations = [
        migrations.AddIndex(
            model_name="bookingleg",
            index=models.Index(
                fields=["start_at"],
                name="leg_refused",
                condition=models.Q(status="active", todo="") & ~models.Q(last_error=""),
            ),
        ),
        migrations.RunPython(spell, migrations.RunPython.noop),
    ]
