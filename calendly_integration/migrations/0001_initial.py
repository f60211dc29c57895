"""All tables, and the index for searches."""

import django.db.models.deletion
import django.utils.timezone
import uuid
from django.conf import settings
from django.db import migrations, models, transaction
from django.db.utils import DatabaseError


def create_search_index(apps, schema_editor):
    """Without the right to create the extension, searches are right but slow; the doctor says what to do."""
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


def drop_search_index(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute("DROP INDEX IF EXISTS booking_search_trigrams")


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ("contenttypes", "0002_remove_content_type_name"),
        ('auth', '0012_alter_user_first_name_max_length'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='AgentKey',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=100, verbose_name='name')),
                ('prefix', models.CharField(max_length=20, unique=True, verbose_name='begins with')),
                ('digest', models.CharField(max_length=64)),
                ('scopes', models.JSONField(default=list, verbose_name='rights')),
                ('created_at', models.DateTimeField(verbose_name='created at')),
                ('expires_at', models.DateTimeField(blank=True, null=True, verbose_name='expires at')),
                ('revoked_at', models.DateTimeField(blank=True, null=True, verbose_name='revoked at')),
                ('last_used_at', models.DateTimeField(blank=True, null=True, verbose_name='last used at')),
            ],
            options={
                'verbose_name': 'agent key',
                'verbose_name_plural': 'agent keys',
                'ordering': ['-id'],
                'permissions': [('manage_agent_keys', 'Can make and revoke agent keys')],
            },
        ),
        migrations.CreateModel(
            name='BulkRun',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('cancel', 'cancel meetings'), ('replay', 'process deliveries again'), ('resend', 'send messages again')], max_length=20, verbose_name='what')),
                ('given', models.JSONField(blank=True, default=dict, verbose_name='details')),
                ('by', models.CharField(max_length=255, verbose_name='by')),
                ('user_id', models.CharField(blank=True, default='', max_length=64)),
                ('created_at', models.DateTimeField(verbose_name='requested at')),
                ('finished_at', models.DateTimeField(blank=True, null=True, verbose_name='finished at')),
            ],
            options={
                'verbose_name': 'bulk action',
                'verbose_name_plural': 'bulk actions',
                'ordering': ['-id'],
            },
        ),
        migrations.CreateModel(
            name='CalendlyAccount',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('slug', models.SlugField(unique=True, verbose_name='short name')),
                ('name', models.CharField(blank=True, max_length=200, verbose_name='name')),
                ('organization_uri', models.CharField(blank=True, max_length=255, verbose_name='organization')),
                ('user_uri', models.CharField(blank=True, max_length=255, verbose_name='user')),
                ('user_email', models.CharField(blank=True, max_length=320, verbose_name="user's e-mail")),
                ('time_zone', models.CharField(blank=True, max_length=64, verbose_name='time zone')),
                ('plan', models.CharField(blank=True, max_length=50, verbose_name='plan')),
                ('stage', models.CharField(blank=True, max_length=20, verbose_name='stage')),
                ('token_encrypted', models.TextField(blank=True, editable=False)),
                ('signing_keys_encrypted', models.TextField(blank=True, default='', editable=False)),
                ('health', models.CharField(choices=[('unknown', 'not checked yet'), ('ok', 'works'), ('failing', 'failing')], default='unknown', max_length=10, verbose_name='health')),
                ('health_note', models.TextField(blank=True, verbose_name='what is wrong')),
                ('checked_at', models.DateTimeField(blank=True, null=True, verbose_name='checked at')),
                ('synced_at', models.DateTimeField(blank=True, null=True, verbose_name='event types synced at')),
                ('events_synced_at', models.DateTimeField(blank=True, null=True, verbose_name='meetings synced at')),
                ('subscription_uri', models.CharField(blank=True, max_length=255, verbose_name='webhook subscription')),
                ('subscription_state', models.CharField(blank=True, max_length=20, verbose_name='state of the subscription')),
                ('quota_exhausted_until', models.DateTimeField(blank=True, null=True, verbose_name='booking allowance used up until')),
                ('created_at', models.DateTimeField(auto_now_add=True, verbose_name='created at')),
            ],
            options={
                'verbose_name': 'Calendly account',
                'verbose_name_plural': 'Calendly accounts',
                'permissions': [('manage_calendlyaccount', 'Can check, sync and subscribe a Calendly account and replace its keys')],
            },
        ),
        migrations.CreateModel(
            name='CircuitState',
            fields=[
                ('name', models.CharField(max_length=40, primary_key=True, serialize=False, verbose_name='name')),
                ('opened_at', models.DateTimeField(verbose_name='open since')),
                ('probed_at', models.DateTimeField(blank=True, null=True, verbose_name='last tried at')),
                ('probed_by', models.JSONField(blank=True, default=list, verbose_name='tried by')),
            ],
            options={
                'verbose_name': 'circuit breaker',
                'verbose_name_plural': 'circuit breakers',
            },
        ),
        migrations.CreateModel(
            name='Heartbeat',
            fields=[
                ('name', models.CharField(max_length=80, primary_key=True, serialize=False, verbose_name='name')),
                ('beat_at', models.DateTimeField(verbose_name='last at')),
                ('stopped_at', models.DateTimeField(blank=True, null=True, verbose_name='stopped at')),
            ],
            options={
                'verbose_name': 'heartbeat',
                'verbose_name_plural': 'heartbeats',
            },
        ),
        migrations.CreateModel(
            name='Preference',
            fields=[
                ('user', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='+', serialize=False, to=settings.AUTH_USER_MODEL, verbose_name='person')),
                ('time_zone', models.CharField(max_length=64, verbose_name='time zone')),
            ],
            options={
                'verbose_name': 'preference',
                'verbose_name_plural': 'preferences',
            },
        ),
        migrations.CreateModel(
            name='WorkerSlot',
            fields=[
                ('name', models.CharField(max_length=20, primary_key=True, serialize=False, verbose_name='name')),
                ('token', models.UUIDField(blank=True, editable=False, null=True)),
                ('held_until', models.DateTimeField(verbose_name='held until')),
            ],
            options={
                'verbose_name': 'worker slot',
                'verbose_name_plural': 'worker slots',
            },
        ),
        migrations.CreateModel(
            name='Booking',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('status', models.CharField(choices=[('pending', 'pending'), ('confirmed', 'confirmed'), ('canceled', 'canceled'), ('failed', 'failed')], default='pending', max_length=10, verbose_name='status')),
                ('source', models.CharField(choices=[('agent', 'agent'), ('public', 'public page'), ('staff', 'staff')], max_length=10, verbose_name='source')),
                ('event_name', models.CharField(blank=True, max_length=255, verbose_name='event')),
                ('start_at', models.DateTimeField(blank=True, null=True, verbose_name='start')),
                ('end_at', models.DateTimeField(blank=True, null=True, verbose_name='end')),
                ('invitee_name', models.CharField(blank=True, max_length=255, verbose_name='invitee')),
                ('invitee_email', models.CharField(max_length=320, verbose_name='e-mail')),
                ('email_key', models.CharField(editable=False, max_length=320)),
                ('search_key', models.TextField(blank=True, default='', editable=False)),
                ('phone', models.CharField(blank=True, max_length=64, verbose_name='phone')),
                ('time_zone', models.CharField(blank=True, max_length=64, verbose_name="invitee's time zone")),
                ('locale', models.CharField(blank=True, max_length=16, verbose_name="invitee's language")),
                ('location', models.TextField(blank=True, verbose_name='location')),
                ('meeting_url', models.CharField(blank=True, max_length=2000, verbose_name='meeting link')),
                ('cancel_url', models.CharField(blank=True, max_length=500, verbose_name='link to cancel')),
                ('reschedule_url', models.CharField(blank=True, max_length=500, verbose_name='link to move')),
                ('event_id', models.CharField(blank=True, max_length=64, verbose_name="Calendly's event id")),
                ('cancel_reason', models.TextField(blank=True, verbose_name='reason')),
                ('cancel_code', models.CharField(blank=True, choices=[('invitee_asked', 'the invitee asked for it'), ('wrong_time', 'the time does not suit'), ('host_away', 'the host cannot come'), ('duplicate', 'booked twice'), ('not_needed', 'no longer needed'), ('no_answer', 'the invitee cannot be reached'), ('other', 'another reason')], default='', max_length=20, verbose_name='kind of reason')),
                ('canceled_by', models.CharField(blank=True, max_length=255, verbose_name='canceled by')),
                ('canceled_at', models.DateTimeField(blank=True, null=True, verbose_name='canceled at')),
                ('no_show_at', models.DateTimeField(blank=True, null=True, verbose_name='marked as no-show at')),
                ('confirmed_at', models.DateTimeField(blank=True, null=True, verbose_name='confirmed by Calendly at')),
                ('mailed_without_link_at', models.DateTimeField(blank=True, null=True, verbose_name='confirmation sent without a link at')),
                ('failure', models.TextField(blank=True, verbose_name='why it failed')),
                ('staff_note', models.TextField(blank=True, default='', verbose_name='note for staff')),
                ('created_at', models.DateTimeField(verbose_name='created at')),
                ('updated_at', models.DateTimeField(auto_now=True, verbose_name='changed at')),
                ('agent_key', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='bookings', to='calendly_integration.agentkey', verbose_name='agent key')),
                ('account', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='bookings', to='calendly_integration.calendlyaccount', verbose_name='Calendly account')),
            ],
            options={
                'verbose_name': 'booking',
                'verbose_name_plural': 'bookings',
                'permissions': [('note_booking', 'Can write notes for staff on bookings'), ('cancel_booking', 'Can cancel bookings at Calendly'), ('reschedule_booking', 'Can reschedule bookings at Calendly'), ('mark_no_show', 'Can mark invitees as no-show'), ('export_booking', 'Can export bookings'), ('view_raw_data', 'Can see what Calendly and we have sent each other')],
            },
        ),
        migrations.CreateModel(
            name='CalendlyBooking',
            fields=[
                ('next_attempt_at', models.DateTimeField(blank=True, null=True, verbose_name='next attempt')),
                ('lease_token', models.UUIDField(blank=True, editable=False, null=True)),
                ('attempts', models.PositiveIntegerField(default=0, verbose_name='attempts')),
                ('last_error', models.TextField(blank=True, default='', verbose_name='last error')),
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('status', models.CharField(choices=[('pending', 'requested, outcome unknown'), ('expected', 'known only by a link'), ('active', 'active'), ('canceled', 'canceled'), ('failed', 'never booked')], max_length=10, verbose_name='status')),
                ('pending_action', models.CharField(blank=True, choices=[('', 'nothing'), ('resolve', 'find out whether it was booked'), ('cancel', 'cancel it at Calendly'), ('refetch', 'refetch it')], default='', max_length=10, verbose_name='pending action')),
                ('invitee_uri', models.CharField(blank=True, max_length=255, null=True, unique=True)),
                ('event_uri', models.CharField(blank=True, db_index=True, max_length=255)),
                ('event_id', models.CharField(blank=True, db_index=True, max_length=64, verbose_name="Calendly's event id")),
                ('start_at', models.DateTimeField(blank=True, null=True, verbose_name='start')),
                ('end_at', models.DateTimeField(blank=True, null=True, verbose_name='end')),
                ('slot_key', models.CharField(blank=True, editable=False, max_length=100, null=True)),
                ('request', models.JSONField(blank=True, default=dict, verbose_name='request to Calendly')),
                ('intent', models.JSONField(blank=True, default=dict, verbose_name='requested by, and why')),
                ('sent_at', models.DateTimeField(blank=True, null=True, verbose_name='sent at')),
                ('rescheduled', models.BooleanField(default=False, verbose_name='moved away')),
                ('old_invitee', models.CharField(blank=True, max_length=255)),
                ('new_invitee', models.CharField(blank=True, max_length=255)),
                ('canceled_by', models.CharField(blank=True, max_length=255, verbose_name='canceled by')),
                ('canceler', models.CharField(blank=True, max_length=20, verbose_name='who canceled')),
                ('cancel_reason', models.TextField(blank=True, verbose_name='reason')),
                ('canceled_at', models.DateTimeField(blank=True, null=True, verbose_name='canceled at')),
                ('no_show_uri', models.CharField(blank=True, max_length=255)),
                ('no_show_at', models.DateTimeField(blank=True, null=True, verbose_name='marked as no-show at')),
                ('invitee_updated_at', models.DateTimeField(blank=True, null=True)),
                ('event_updated_at', models.DateTimeField(blank=True, null=True)),
                ('confirmed_at', models.DateTimeField(blank=True, null=True, verbose_name='confirmed by Calendly at')),
                ('invitee_raw', models.JSONField(blank=True, default=dict)),
                ('event_raw', models.JSONField(blank=True, default=dict)),
                ('created_at', models.DateTimeField(verbose_name='created at')),
                ('booking', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='calendly_bookings', to='calendly_integration.booking', verbose_name='booking')),
                ('replaces', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='replaced_by', to='calendly_integration.calendlybooking', verbose_name='replaces')),
            ],
            options={
                'verbose_name': 'booking at Calendly',
                'verbose_name_plural': 'bookings at Calendly',
            },
        ),
        migrations.AddField(
            model_name='booking',
            name='current_calendly_booking',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='calendly_integration.calendlybooking', verbose_name='current booking at Calendly'),
        ),
        migrations.CreateModel(
            name='EventType',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('uri', models.CharField(max_length=255, unique=True)),
                ('name', models.CharField(max_length=255, verbose_name='name')),
                ('slug', models.CharField(blank=True, max_length=255, verbose_name='slug')),
                ('active', models.BooleanField(default=False, verbose_name='active')),
                ('duration', models.PositiveIntegerField(verbose_name='duration, minutes')),
                ('buffer_before', models.PositiveIntegerField(default=0, verbose_name='buffer before, minutes')),
                ('buffer_after', models.PositiveIntegerField(default=0, verbose_name='buffer after, minutes')),
                ('kind', models.CharField(choices=[('solo', 'one invitee'), ('group', 'several invitees')], default='solo', max_length=10, verbose_name='kind')),
                ('pooling', models.CharField(blank=True, max_length=20, verbose_name='pooling')),
                ('color', models.CharField(blank=True, max_length=7, verbose_name='colour')),
                ('locations', models.JSONField(blank=True, default=list, verbose_name='locations')),
                ('questions', models.JSONField(blank=True, default=list, verbose_name='questions')),
                ('scheduling_url', models.CharField(blank=True, max_length=500, verbose_name='public page')),
                ('position', models.IntegerField(default=0, verbose_name='position')),
                ('aliases', models.JSONField(blank=True, default=list, verbose_name='other names')),
                ('open_to', models.CharField(choices=[('everybody', 'every agent, and staff'), ('keys', 'only the agents chosen here, and staff'), ('staff', 'only staff')], default='everybody', max_length=10, verbose_name='who may book it')),
                ('raw', models.JSONField(blank=True, default=dict)),
                ('updated_at', models.DateTimeField(verbose_name='changed at Calendly')),
                ('deleted_at', models.DateTimeField(blank=True, null=True, verbose_name='deleted at Calendly')),
                ('seen_at', models.DateTimeField(verbose_name='last seen at Calendly')),
                ('account', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='event_types', to='calendly_integration.calendlyaccount', verbose_name='Calendly account')),
                ('allowed_keys', models.ManyToManyField(blank=True, related_name='event_types', to='calendly_integration.agentkey', verbose_name='agents who may book it')),
            ],
            options={
                'verbose_name': 'event type',
                'verbose_name_plural': 'event types',
                'ordering': ['position', 'name', 'id'],
            },
        ),
        migrations.AddField(
            model_name='booking',
            name='event_type',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='bookings', to='calendly_integration.eventtype', verbose_name='event type'),
        ),
        migrations.CreateModel(
            name='EventTypeChange',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('at', models.DateTimeField(verbose_name='found at')),
                ('changes', models.JSONField(default=dict, verbose_name='what changed')),
                ('seen_at', models.DateTimeField(blank=True, null=True, verbose_name='seen by staff at')),
                ('seen_by', models.CharField(blank=True, max_length=255, verbose_name='seen by')),
                ('event_type', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='changes', to='calendly_integration.eventtype', verbose_name='event type')),
            ],
            options={
                'verbose_name': 'change of an event type',
                'verbose_name_plural': 'changes of event types',
                'ordering': ['-id'],
            },
        ),
        migrations.CreateModel(
            name='FollowUp',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('reschedule_assistance', 'help to find another time'), ('rebook', 'offer another time after our cancellation')], max_length=40, verbose_name='kind')),
                ('status', models.CharField(choices=[('open', 'to do'), ('waiting', 'waiting for the invitee'), ('rebooked', 'rebooked'), ('done', 'closed')], default='open', max_length=10, verbose_name='status')),
                ('email', models.CharField(max_length=320, verbose_name='e-mail')),
                ('conversation_id', models.CharField(blank=True, max_length=255, verbose_name='conversation')),
                ('scheduled_for', models.DateTimeField(verbose_name='due at')),
                ('message', models.TextField(verbose_name='message')),
                ('note', models.TextField(blank=True, default='', verbose_name='note')),
                ('created_at', models.DateTimeField(verbose_name='created at')),
                ('closed_at', models.DateTimeField(blank=True, null=True, verbose_name='closed at')),
                ('assignee', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='assigned to')),
                ('booking', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='followups', to='calendly_integration.booking', verbose_name='booking')),
                ('calendly_booking', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='calendly_integration.calendlybooking', verbose_name='booking at Calendly')),
                ('rebooking', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='calendly_integration.booking', verbose_name='booked again as')),
            ],
            options={
                'verbose_name': 'follow-up',
                'verbose_name_plural': 'follow-ups',
                'ordering': ['scheduled_for', 'id'],
            },
        ),
        migrations.CreateModel(
            name='Host',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('uri', models.CharField(max_length=255, unique=True)),
                ('name', models.CharField(max_length=255, verbose_name='name')),
                ('email', models.CharField(max_length=320, verbose_name='e-mail')),
                ('time_zone', models.CharField(blank=True, max_length=64, verbose_name='time zone')),
                ('role', models.CharField(blank=True, max_length=20, verbose_name='role')),
                ('scheduling_url', models.CharField(blank=True, max_length=500, verbose_name='public page')),
                ('active', models.BooleanField(default=True, verbose_name='active')),
                ('raw', models.JSONField(blank=True, default=dict)),
                ('seen_at', models.DateTimeField(verbose_name='last seen at Calendly')),
                ('account', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='hosts', to='calendly_integration.calendlyaccount', verbose_name='Calendly account')),
            ],
            options={
                'verbose_name': 'host',
                'verbose_name_plural': 'hosts',
                'ordering': ['name', 'id'],
            },
        ),
        migrations.AddField(
            model_name='eventtype',
            name='hosts',
            field=models.ManyToManyField(blank=True, related_name='event_types', to='calendly_integration.host'),
        ),
        migrations.AddField(
            model_name='booking',
            name='host',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='bookings', to='calendly_integration.host', verbose_name='host'),
        ),
        migrations.CreateModel(
            name='IdempotencyRecord',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('key', models.CharField(max_length=255, verbose_name='key')),
                ('fingerprint', models.CharField(max_length=64)),
                ('started_at', models.DateTimeField(verbose_name='started at')),
                ('answered_at', models.DateTimeField(blank=True, null=True, verbose_name='answered at')),
                ('status', models.PositiveSmallIntegerField(blank=True, null=True, verbose_name="answer's status")),
                ('body', models.JSONField(blank=True, null=True, verbose_name='answer')),
                ('agent_key', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='calendly_integration.agentkey', verbose_name='agent key')),
                ('booking', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='calendly_integration.booking', verbose_name='booking')),
            ],
            options={
                'verbose_name': 'idempotency record',
                'verbose_name_plural': 'idempotency records',
                'ordering': ['-id'],
            },
        ),
        migrations.CreateModel(
            name='OutboxQueue',
            fields=[
                ('next_attempt_at', models.DateTimeField(blank=True, null=True, verbose_name='next attempt')),
                ('lease_token', models.UUIDField(blank=True, editable=False, null=True)),
                ('attempts', models.PositiveIntegerField(default=0, verbose_name='attempts')),
                ('last_error', models.TextField(blank=True, default='', verbose_name='last error')),
                ('key', models.CharField(max_length=64, primary_key=True, serialize=False)),
                ('version', models.UUIDField(default=uuid.uuid4)),
                ('held', models.BooleanField(default=False)),
            ],
            options={
                'verbose_name': 'outbox queue',
                'verbose_name_plural': 'outbox queues',
                'indexes': [models.Index(condition=models.Q(('next_attempt_at__isnull', False)), fields=['next_attempt_at'], name='lane_due')],
            },
        ),
        migrations.CreateModel(
            name='OutboxMessage',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('path', models.CharField(max_length=100, verbose_name='path')),
                ('body', models.JSONField(verbose_name='body')),
                ('idempotency_key', models.UUIDField(default=uuid.uuid4, unique=True, verbose_name='idempotency key')),
                ('once_key', models.CharField(max_length=150, unique=True)),
                ('status', models.CharField(choices=[('waiting', 'waiting'), ('sent', 'sent'), ('parked', 'rejected, parked')], default='waiting', max_length=10, verbose_name='status')),
                ('attempts', models.PositiveIntegerField(default=0, verbose_name='attempts')),
                ('last_error', models.TextField(blank=True, default='', verbose_name='last error')),
                ('created_at', models.DateTimeField(verbose_name='created at')),
                ('sent_at', models.DateTimeField(blank=True, null=True, verbose_name='sent at')),
                ('booking', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='messages', to='calendly_integration.booking', verbose_name='booking')),
                ('queue', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='messages', to='calendly_integration.outboxqueue', verbose_name='queue')),
            ],
            options={
                'verbose_name': 'outbox message',
                'verbose_name_plural': 'outbox messages',
                'ordering': ['-id'],
                'permissions': [('resend_outboxmessage', 'Can send messages again and park them')],
            },
        ),
        migrations.CreateModel(
            name='SavedView',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=60, verbose_name='name')),
                ('query', models.CharField(blank=True, max_length=1000, verbose_name='filters')),
                ('created_at', models.DateTimeField(verbose_name='created at')),
                ('user', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='person')),
            ],
            options={
                'verbose_name': 'saved view',
                'verbose_name_plural': 'saved views',
                'ordering': ['name', 'id'],
            },
        ),
        migrations.CreateModel(
            name='SyncRun',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('status', models.CharField(choices=[('running', 'running'), ('done', 'done'), ('failed', 'failed')], default='running', max_length=10, verbose_name='status')),
                ('window_start', models.DateTimeField(verbose_name='from')),
                ('window_end', models.DateTimeField(blank=True, null=True, verbose_name='to')),
                ('cursor', models.DateTimeField(blank=True, null=True, verbose_name='reached')),
                ('seen', models.PositiveIntegerField(default=0, verbose_name='meetings seen')),
                ('changed', models.PositiveIntegerField(default=0, verbose_name='bookings changed')),
                ('error', models.TextField(blank=True, verbose_name='error')),
                ('started_at', models.DateTimeField(verbose_name='started at')),
                ('alive_at', models.DateTimeField(default=django.utils.timezone.now, verbose_name='last sign of life')),
                ('finished_at', models.DateTimeField(blank=True, null=True, verbose_name='finished at')),
                ('account', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='sync_runs', to='calendly_integration.calendlyaccount', verbose_name='Calendly account')),
            ],
            options={
                'verbose_name': 'sync run',
                'verbose_name_plural': 'sync runs',
                'ordering': ['-id'],
            },
        ),
        migrations.CreateModel(
            name='TimelineEntry',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('at', models.DateTimeField(verbose_name='when')),
                ('actor', models.CharField(choices=[('agent', 'agent'), ('staff', 'staff'), ('invitee', 'invitee'), ('calendly', 'Calendly'), ('system', 'system')], max_length=10, verbose_name='by')),
                ('actor_name', models.CharField(blank=True, max_length=255, verbose_name='name')),
                ('action', models.CharField(max_length=40, verbose_name='what')),
                ('detail', models.JSONField(blank=True, default=dict, verbose_name='details')),
                ('booking', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='timeline', to='calendly_integration.booking', verbose_name='booking')),
            ],
            options={
                'verbose_name': 'timeline entry',
                'verbose_name_plural': 'timeline',
                'ordering': ['id'],
            },
        ),
        migrations.CreateModel(
            name='WebhookDelivery',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('next_attempt_at', models.DateTimeField(blank=True, null=True, verbose_name='next attempt')),
                ('lease_token', models.UUIDField(blank=True, editable=False, null=True)),
                ('attempts', models.PositiveIntegerField(default=0, verbose_name='attempts')),
                ('last_error', models.TextField(blank=True, default='', verbose_name='last error')),
                ('digest', models.CharField(max_length=64, unique=True)),
                ('body', models.BinaryField()),
                ('received_at', models.DateTimeField(verbose_name='received at')),
                ('status', models.CharField(choices=[('received', 'received'), ('applied', 'applied'), ('unchanged', 'nothing new'), ('unknown', 'unknown kind'), ('unreadable', 'unreadable'), ('parked', 'could not be applied')], default='received', max_length=10, verbose_name='status')),
                ('kind', models.CharField(blank=True, max_length=100, verbose_name='event')),
                ('applied_at', models.DateTimeField(blank=True, null=True, verbose_name='applied at')),
                ('account', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='deliveries', to='calendly_integration.calendlyaccount', verbose_name='Calendly account')),
                ('booking', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='deliveries', to='calendly_integration.booking', verbose_name='booking')),
            ],
            options={
                'verbose_name': 'webhook delivery',
                'verbose_name_plural': 'webhook deliveries',
                'ordering': ['-id'],
                'permissions': [('replay_webhookdelivery', 'Can process deliveries again')],
            },
        ),
        migrations.CreateModel(
            name='PendingMail',
            fields=[
                ('next_attempt_at', models.DateTimeField(blank=True, null=True, verbose_name='next attempt')),
                ('lease_token', models.UUIDField(blank=True, editable=False, null=True)),
                ('attempts', models.PositiveIntegerField(default=0, verbose_name='attempts')),
                ('last_error', models.TextField(blank=True, default='', verbose_name='last error')),
                ('booking', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='pending_mail', serialize=False, to='calendly_integration.booking', verbose_name='booking')),
                ('once_key', models.CharField(max_length=150)),
            ],
            options={
                'verbose_name': 'mail waiting for its link',
                'verbose_name_plural': 'mails waiting for their link',
                'indexes': [models.Index(condition=models.Q(('next_attempt_at__isnull', False)), fields=['next_attempt_at'], name='pending_mail_due')],
            },
        ),
        migrations.CreateModel(
            name='VAIMetadata',
            fields=[
                ('next_attempt_at', models.DateTimeField(blank=True, null=True, verbose_name='next attempt')),
                ('lease_token', models.UUIDField(blank=True, editable=False, null=True)),
                ('attempts', models.PositiveIntegerField(default=0, verbose_name='attempts')),
                ('last_error', models.TextField(blank=True, default='', verbose_name='last error')),
                ('booking', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='metadata', serialize=False, to='calendly_integration.booking', verbose_name='booking')),
                ('conversation_id', models.CharField(blank=True, db_index=True, max_length=255, verbose_name='conversation')),
                ('user_id', models.CharField(blank=True, db_index=True, max_length=255, verbose_name='user')),
                ('agent_type', models.CharField(blank=True, max_length=100, verbose_name='kind of agent')),
                ('booking_source', models.CharField(blank=True, max_length=100, verbose_name='booked through')),
                ('notes', models.TextField(blank=True, verbose_name='notes')),
                ('extra', models.JSONField(blank=True, default=dict, verbose_name='more')),
                ('asked_at', models.DateTimeField(blank=True, null=True, verbose_name='the portal was asked at')),
            ],
            options={
                'verbose_name': 'metadata',
                'verbose_name_plural': 'metadata',
                'indexes': [models.Index(condition=models.Q(('next_attempt_at__isnull', False)), fields=['next_attempt_at'], name='metadata_due'), models.Index(fields=['agent_type', 'booking'], name='metadata_agent_type')],
            },
        ),
        migrations.CreateModel(
            name='BulkItem',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('next_attempt_at', models.DateTimeField(blank=True, null=True, verbose_name='next attempt')),
                ('lease_token', models.UUIDField(blank=True, editable=False, null=True)),
                ('attempts', models.PositiveIntegerField(default=0, verbose_name='attempts')),
                ('last_error', models.TextField(blank=True, default='', verbose_name='last error')),
                ('target', models.CharField(max_length=64)),
                ('label', models.CharField(blank=True, max_length=300, verbose_name='row')),
                ('status', models.CharField(choices=[('waiting', 'waiting'), ('done', 'done'), ('failed', 'failed')], default='waiting', max_length=10, verbose_name='status')),
                ('note', models.TextField(blank=True, default='', verbose_name='outcome')),
                ('done_at', models.DateTimeField(blank=True, null=True, verbose_name='done at')),
                ('run', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='items', to='calendly_integration.bulkrun', verbose_name='bulk action')),
            ],
            options={
                'verbose_name': 'bulk action item',
                'verbose_name_plural': 'bulk action items',
                'ordering': ['id'],
                'indexes': [models.Index(condition=models.Q(('next_attempt_at__isnull', False)), fields=['next_attempt_at'], name='bulk_item_due')],
                'constraints': [models.UniqueConstraint(fields=('run', 'target'), name='bulk_item_once_a_run')],
            },
        ),
        migrations.AddIndex(
            model_name='calendlybooking',
            index=models.Index(condition=models.Q(('next_attempt_at__isnull', False)), fields=['next_attempt_at'], name='calendly_booking_due'),
        ),
        migrations.AddIndex(
            model_name='calendlybooking',
            index=models.Index(condition=models.Q(('pending_action', ''), ('status', 'active'), models.Q(('last_error', ''), _negated=True)), fields=['start_at'], name='calendly_booking_refused'),
        ),
        migrations.AddConstraint(
            model_name='calendlybooking',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('status', 'active'), _negated=True), models.Q(('invitee_uri__isnull', False), models.Q(('event_uri', ''), _negated=True)), _connector='OR'), name='calendly_booking_active_has_invitee'),
        ),
        migrations.AddConstraint(
            model_name='calendlybooking',
            constraint=models.UniqueConstraint(fields=('slot_key',), name='calendly_booking_slot_once'),
        ),
        migrations.AddConstraint(
            model_name='calendlybooking',
            constraint=models.CheckConstraint(condition=models.Q(('next_attempt_at__isnull', True), models.Q(('pending_action', ''), _negated=True), _connector='OR'), name='calendly_booking_due_has_action'),
        ),
        migrations.AddIndex(
            model_name='eventtypechange',
            index=models.Index(fields=['event_type', '-id'], name='type_change_type'),
        ),
        migrations.AddIndex(
            model_name='eventtypechange',
            index=models.Index(condition=models.Q(('seen_at', None)), fields=['event_type'], name='type_change_unseen'),
        ),
        migrations.AddIndex(
            model_name='followup',
            index=models.Index(fields=['status', 'scheduled_for'], name='followup_status_due'),
        ),
        migrations.AddConstraint(
            model_name='followup',
            constraint=models.UniqueConstraint(fields=('calendly_booking', 'kind'), name='followup_once_per_calendly_booking'),
        ),
        migrations.AddIndex(
            model_name='booking',
            index=models.Index(fields=['email_key', 'start_at'], name='booking_email_start'),
        ),
        migrations.AddIndex(
            model_name='booking',
            index=models.Index(fields=['start_at', 'id'], name='booking_start'),
        ),
        migrations.AddIndex(
            model_name='booking',
            index=models.Index(fields=['status', 'start_at'], name='booking_status_start'),
        ),
        migrations.AddIndex(
            model_name='booking',
            index=models.Index(fields=['host', 'start_at'], name='booking_host_start'),
        ),
        migrations.AddIndex(
            model_name='booking',
            index=models.Index(fields=['event_type', 'start_at'], name='booking_type_start'),
        ),
        migrations.AddIndex(
            model_name='booking',
            index=models.Index(fields=['source', 'start_at'], name='booking_source_start'),
        ),
        migrations.AddIndex(
            model_name='booking',
            index=models.Index(fields=['-created_at', '-id'], name='booking_created'),
        ),
        migrations.AddIndex(
            model_name='booking',
            index=models.Index(fields=['event_id'], name='booking_event_id'),
        ),
        migrations.AddIndex(
            model_name='booking',
            index=models.Index(fields=['invitee_name', 'id'], name='booking_invitee'),
        ),
        migrations.AddIndex(
            model_name='booking',
            index=models.Index(condition=models.Q(('canceled_at__isnull', False)), fields=['canceled_at'], name='booking_canceled'),
        ),
        migrations.AddIndex(
            model_name='booking',
            index=models.Index(condition=models.Q(('no_show_at__isnull', False)), fields=['no_show_at'], name='booking_no_show'),
        ),
        migrations.AddIndex(
            model_name='booking',
            index=models.Index(condition=models.Q(('mailed_without_link_at__isnull', False)), fields=['start_at'], name='booking_mailed_bare'),
        ),
        migrations.AddIndex(
            model_name='booking',
            index=models.Index(condition=models.Q(('confirmed_at__isnull', True), ('status', 'confirmed')), fields=['start_at'], name='booking_unseen'),
        ),
        migrations.AddConstraint(
            model_name='booking',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('status', 'confirmed'), _negated=True), models.Q(models.Q(('event_id', ''), _negated=True), ('start_at__isnull', False)), _connector='OR'), name='booking_confirmed_has_event'),
        ),
        migrations.AddConstraint(
            model_name='booking',
            constraint=models.CheckConstraint(condition=models.Q(('end_at__isnull', True), ('end_at__gt', models.F('start_at')), _connector='OR'), name='booking_ends_after_start'),
        ),
        migrations.AddIndex(
            model_name='idempotencyrecord',
            index=models.Index(fields=['started_at'], name='idempotency_started'),
        ),
        migrations.AddConstraint(
            model_name='idempotencyrecord',
            constraint=models.UniqueConstraint(fields=('agent_key', 'key'), name='idempotency_once'),
        ),
        migrations.AddIndex(
            model_name='outboxmessage',
            index=models.Index(condition=models.Q(('status', 'waiting')), fields=['queue', 'id'], name='message_waiting'),
        ),
        migrations.AddIndex(
            model_name='outboxmessage',
            index=models.Index(fields=['status', '-id'], name='message_status'),
        ),
        migrations.AddConstraint(
            model_name='savedview',
            constraint=models.UniqueConstraint(fields=('user', 'name'), name='saved_view_once_a_person'),
        ),
        migrations.AddConstraint(
            model_name='syncrun',
            constraint=models.UniqueConstraint(condition=models.Q(('status', 'running')), fields=('account',), name='sync_run_one_running'),
        ),
        migrations.AddIndex(
            model_name='timelineentry',
            index=models.Index(fields=['booking', 'id'], name='timeline_booking'),
        ),
        migrations.AddIndex(
            model_name='webhookdelivery',
            index=models.Index(condition=models.Q(('next_attempt_at__isnull', False)), fields=['next_attempt_at'], name='delivery_due'),
        ),
        migrations.AddIndex(
            model_name='webhookdelivery',
            index=models.Index(fields=['status', '-id'], name='delivery_status'),
        ),
        migrations.RunPython(create_search_index, drop_search_index),
    ]
