"""Every page of the back-office that is ours: its address, and who may see it. Nobody else sees any."""

from dataclasses import dataclass
from typing import Any

APP = "calendly_integration"


@dataclass(frozen=True, slots=True)
class Page:
    """`name` of the address in the admin; `of`: which row stands in it; `staff`, `viewer`: whether they may."""

    name: str
    of: str
    staff: bool
    viewer: bool

    def args(self, rows: dict[str, Any]) -> list[object]:
        """What the address needs."""
        return [rows[self.of]] if self.of else []


# name, row, staff, viewer
PAGES = tuple(
    Page(f"{APP}_{name}" if name != "app_list" else name, of, staff, viewer)
    for name, of, staff, viewer in (
        ("app_list", "app", True, True),
        ("booking_changelist", "", True, True),
        ("booking_calendar", "", True, True),
        ("booking_add", "", True, False),
        ("booking_change", "booking", True, True),
        ("booking_history", "booking", True, True),
        ("booking_cancel", "booking", True, False),
        ("booking_reschedule", "booking", True, False),
        ("booking_reassign", "booking", True, False),
        ("booking_no_show", "booking", True, False),
        ("booking_undo_no_show", "booking", True, False),
        ("booking_staff_note", "booking", True, False),
        ("booking_person", "", True, True),
        ("booking_send_confirmation", "booking", True, False),
        ("booking_refetch", "booking", True, False),
        ("booking_retry_old_cancellation", "booking", True, False),
        ("booking_delete", "booking", False, False),
        ("bulkrun_change", "bulk_run", True, True),
        ("followup_board", "", True, True),
        ("followup_changelist", "", True, True),
        ("followup_change", "followup", True, True),
        ("refusedattempt_changelist", "", True, True),
        ("eventtype_changelist", "", True, True),
        ("eventtype_change", "event_type", True, True),
        ("eventtype_edit", "event_type", True, False),
        ("eventtype_seen", "event_type", True, False),
        ("eventtype_standard", "", True, False),
        ("eventtype_add", "", False, False),
        ("calendlyaccount_system_status", "", True, True),
        ("calendlyaccount_change", "account", True, True),
        ("calendlyaccount_check", "account", True, False),
        ("calendlyaccount_sync", "account", True, False),
        ("calendlyaccount_subscribe", "account", True, False),
        ("calendlyaccount_rotate", "account", True, False),
        ("webhookdelivery_changelist", "", True, True),
        ("webhookdelivery_change", "delivery", True, True),
        ("webhookdelivery_replay", "delivery", True, False),
        ("outboxmessage_changelist", "", True, True),
        ("outboxmessage_change", "message", True, True),
        ("outboxmessage_resend", "message", True, False),
        ("outboxmessage_park", "message", True, False),
        ("agentkey_changelist", "", True, True),
        ("agentkey_change", "agent_key", True, True),
        ("agentkey_add", "", True, False),
        ("agentkey_revoke", "agent_key", True, False),
    )
)
