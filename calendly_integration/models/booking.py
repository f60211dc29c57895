"""A booking: a meeting with one invitee. It keeps its id when it is rescheduled."""

import re
import uuid
from contextlib import suppress
from datetime import datetime
from typing import Self

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from .event_type import EventType
from .text_folding import without_diacritics
from .visible import one_line

# Keyboards and word processors write these for an apostrophe.
APOSTROPHES = str.maketrans(dict.fromkeys("‘’ʼʻ′`´", "'"))


def plain_words(text: str) -> str:
    """A text as it is compared: lower case, without diacritics, one kind of apostrophe, single spaces."""
    return " ".join(without_diacritics(text.casefold()).translate(APOSTROPHES).replace("\0", "").split())


def phone_parts(phone: str) -> tuple[str, str]:
    """The country code of a number, empty where it has none, and its other digits without the leading zero. All
    spellings of a number have the same last digits."""
    rest = re.sub(r"^[\W0]+", "", phone)
    digits = re.sub(r"\D", "", rest)
    if not digits:
        return "", ""
    import phonenumbers  # here, because its tables are large and many processes do not need them

    told = re.match(r"\W*?(\+|00)", phone) is not None
    with suppress(phonenumbers.NumberParseException):
        number = phonenumbers.parse(f"+{rest}", None)
        whole = phonenumbers.is_possible_number(number) if told else phonenumbers.is_valid_number(number)
        if whole:
            return str(number.country_code), str(phonenumbers.national_significant_number(number))
    return "", digits


def search_key(name: str, email: str, phone: str = "") -> str:
    """The text that the search compares: the words of name and address, and the phone number in one spelling, such
    as `+40744120980`, or `0744120980` without a country."""
    country, digits = phone_parts(phone)
    number = f"+{country}{digits}" if country else f"0{digits}" if digits else phone
    return plain_words(f"{name} {email} {number}")


class BookingQuerySet(models.QuerySet["Booking"]):
    """Named filters, and changes of `status` as conditional updates."""

    def shown(self) -> Self:
        """Select related rows that every view of a booking needs."""
        return self.select_related("host", "metadata")

    def shown_in_list(self) -> Self:
        """As `shown`, for many rows. A host is read once, not with each of its bookings: a page of 50 takes an
        eighth less time."""
        return self.select_related("metadata").prefetch_related("host")

    def open_to(self, key_id: int | None) -> Self:
        """Bookings of event types that are open to the agent with this key, and those without an event type.
        All bookings without a key, for staff."""
        if key_id is None:
            return self
        kinds = EventType.objects.open_to(key_id).order_by().values("pk")
        return self.filter(Q(event_type__isnull=True) | Q(event_type__in=kinds))

    def of_email(self, email: str) -> Self:
        """Bookings of an invitee, whatever the case of the address."""
        return self.filter(email_key=email.strip().lower())

    def confirmed_between(self, start: datetime, end: datetime) -> Self:
        """Confirmed ones that start in [start, end), soonest first."""
        return self.filter(status=Booking.Status.CONFIRMED, start_at__gte=start, start_at__lt=end).order_by(
            "start_at", "id"
        )

    def show_requested_start(self, pk: uuid.UUID, *, start_at: datetime, end_at: datetime) -> bool:
        """A pending booking shows the start that is being tried. A confirmed one keeps its own until then."""
        pending = self.filter(pk=pk, status=Booking.Status.PENDING)
        return bool(pending.update(start_at=start_at, end_at=end_at))

    def mark_failed(self, pk: uuid.UUID, *, error: str, now: datetime) -> bool:
        """A pending booking was not booked at Calendly. False if it is not pending."""
        pending = self.filter(pk=pk, status=Booking.Status.PENDING)
        return bool(pending.update(status=Booking.Status.FAILED, failure=error, updated_at=now))

    def set_staff_note(self, pk: uuid.UUID, *, text: str, before: str) -> bool:
        """Replace the staff's note. False if it is no longer `before`."""
        return bool(self.filter(pk=pk, staff_note=before).update(staff_note=text))


class Booking(models.Model):
    """One invitee's meeting. This row is computed from its Calendly bookings, which hold what Calendly says."""

    class Status(models.TextChoices):
        PENDING = "pending", _("pending")
        CONFIRMED = "confirmed", _("confirmed")
        CANCELED = "canceled", _("canceled")
        FAILED = "failed", _("failed")

    class Source(models.TextChoices):
        AGENT = "agent", _("agent")
        PUBLIC = "public", _("public page")
        STAFF = "staff", _("staff")

    class CancelCode(models.TextChoices):
        INVITEE_ASKED = "invitee_asked", _("the invitee asked for it")
        WRONG_TIME = "wrong_time", _("the time does not suit")
        HOST_AWAY = "host_away", _("the host cannot come")
        DUPLICATE = "duplicate", _("booked twice")
        NOT_NEEDED = "not_needed", _("no longer needed")
        NO_ANSWER = "no_answer", _("the invitee cannot be reached")
        OTHER = "other", _("another reason")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    account = models.ForeignKey(
        "calendly_integration.CalendlyAccount",
        models.PROTECT,
        db_index=False,
        related_name="bookings",
        verbose_name=_("Calendly account"),
    )
    status = models.CharField(_("status"), max_length=10, choices=Status.choices, default=Status.PENDING)
    source = models.CharField(_("source"), max_length=10, choices=Source.choices)
    event_type = models.ForeignKey(
        "calendly_integration.EventType",
        models.PROTECT,
        null=True,
        blank=True,
        db_index=False,
        related_name="bookings",
        verbose_name=_("event type"),
    )
    event_name = models.CharField(_("event"), max_length=255, blank=True)
    host = models.ForeignKey(
        "calendly_integration.Host",
        models.PROTECT,
        null=True,
        blank=True,
        db_index=False,
        related_name="bookings",
        verbose_name=_("host"),
    )
    start_at = models.DateTimeField(_("start"), null=True, blank=True)
    end_at = models.DateTimeField(_("end"), null=True, blank=True)
    invitee_name = models.CharField(_("invitee"), max_length=255, blank=True)
    invitee_email = models.CharField(_("e-mail"), max_length=320)
    email_key = models.CharField(max_length=320, editable=False)
    # Name, e-mail and phone as `search_key` writes them. PostgreSQL may have a trigram index on it.
    search_key = models.TextField(default="", blank=True, editable=False)
    phone = models.CharField(_("phone"), max_length=64, blank=True)
    time_zone = models.CharField(_("invitee's time zone"), max_length=64, blank=True)
    locale = models.CharField(_("invitee's language"), max_length=16, blank=True)
    location = models.TextField(_("location"), blank=True)
    meeting_url = models.CharField(_("meeting link"), max_length=2000, blank=True)
    cancel_url = models.CharField(_("link to cancel"), max_length=500, blank=True)
    reschedule_url = models.CharField(_("link to move"), max_length=500, blank=True)
    event_id = models.CharField(_("Calendly's event id"), max_length=64, blank=True)
    current_calendly_booking = models.ForeignKey(
        "calendly_integration.CalendlyBooking",
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("current booking at Calendly"),
    )
    agent_key = models.ForeignKey(
        "calendly_integration.AgentKey",
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="bookings",
        verbose_name=_("agent key"),
    )
    cancel_reason = models.TextField(_("reason"), blank=True)
    cancel_code = models.CharField(
        _("kind of reason"), max_length=20, choices=CancelCode.choices, blank=True, default=""
    )
    canceled_by = models.CharField(_("canceled by"), max_length=255, blank=True)
    canceled_at = models.DateTimeField(_("canceled at"), null=True, blank=True)
    no_show_at = models.DateTimeField(_("marked as no-show at"), null=True, blank=True)
    confirmed_at = models.DateTimeField(_("confirmed by Calendly at"), null=True, blank=True)
    mailed_without_link_at = models.DateTimeField(
        _("confirmation sent without a link at"), null=True, blank=True
    )
    failure = models.TextField(_("why it failed"), blank=True)
    # Internal: not in the API, in messages to the portal or in mails.
    staff_note = models.TextField(_("note for staff"), blank=True, default="")
    created_at = models.DateTimeField(_("created at"))
    updated_at = models.DateTimeField(_("changed at"), auto_now=True)

    objects = BookingQuerySet.as_manager()

    class Meta:
        verbose_name = _("booking")
        verbose_name_plural = _("bookings")
        permissions = [
            ("note_booking", "Can write notes for staff on bookings"),
            ("cancel_booking", "Can cancel bookings at Calendly"),
            ("reschedule_booking", "Can reschedule bookings at Calendly"),
            ("mark_no_show", "Can mark invitees as no-show"),
            ("export_booking", "Can export bookings"),
            ("view_raw_data", "Can see what Calendly and we have sent each other"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=~Q(status="confirmed") | (~Q(event_id="") & Q(start_at__isnull=False)),
                name="booking_confirmed_has_event",
            ),
            models.CheckConstraint(
                condition=Q(end_at__isnull=True) | Q(end_at__gt=models.F("start_at")),
                name="booking_ends_after_start",
            ),
        ]
        # Host and event type are found by their indexes below, and an account has all bookings.
        indexes = [
            models.Index(fields=["email_key", "start_at"], name="booking_email_start"),
            models.Index(fields=["start_at", "id"], name="booking_start"),
            models.Index(fields=["status", "start_at"], name="booking_status_start"),
            models.Index(fields=["host", "start_at"], name="booking_host_start"),
            models.Index(fields=["event_type", "start_at"], name="booking_type_start"),
            models.Index(fields=["source", "start_at"], name="booking_source_start"),
            models.Index(fields=["-created_at", "-id"], name="booking_created"),
            models.Index(fields=["event_id"], name="booking_event_id"),
            models.Index(fields=["invitee_name", "id"], name="booking_invitee"),
            models.Index(
                fields=["canceled_at"], name="booking_canceled", condition=Q(canceled_at__isnull=False)
            ),
            models.Index(
                fields=["no_show_at"], name="booking_no_show", condition=Q(no_show_at__isnull=False)
            ),
            models.Index(
                fields=["start_at"],
                name="booking_mailed_bare",
                condition=Q(mailed_without_link_at__isnull=False),
            ),
            models.Index(
                fields=["start_at"],
                name="booking_unseen",
                condition=Q(status="confirmed", confirmed_at__isnull=True),
            ),
        ]

    def __str__(self) -> str:
        return one_line(f"{self.event_name} · {self.invitee_name}")

    @property
    def agent_made(self) -> bool:
        """True if an agent made it: then the portal gets messages about it."""
        return self.source == self.Source.AGENT
