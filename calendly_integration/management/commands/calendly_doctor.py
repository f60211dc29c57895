"""`manage.py calendly_doctor`: is everything as it must be?"""

from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone, translation

from calendly_integration.services import doctor
from calendly_integration.services.accounts import calendly_accounts


class Command(BaseCommand):
    """One line a check, and what to type to fix it. Exit status 1 if one fails."""

    help = "Checks token, scopes, plan, webhook, clock, database, queue, worker and portal."

    def handle(self, *_args: object, **_options: Any) -> None:
        # What commands print is English: it is read by other programs and asked about in the open.
        with translation.override("en"):
            findings = doctor.examine(calendly_accounts.default(), now=timezone.now())
        for finding in findings:
            mark = {True: self.style.SUCCESS("ok  "), False: self.style.ERROR("FAIL"), None: "?   "}[
                finding.ok
            ]
            self.stdout.write(f"{mark} {finding.name:<9} {finding.text}")
            if finding.fix:
                self.stdout.write(f"               → {finding.fix}")
        if any(finding.ok is False for finding in findings):
            raise SystemExit(1)
