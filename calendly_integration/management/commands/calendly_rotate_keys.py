"""`manage.py calendly_rotate_keys`: stored secrets under the first encryption key."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from calendly_integration.clients import encryption
from calendly_integration.services.accounts import calendly_accounts


class Command(BaseCommand):
    """Encrypt all secrets again, after a new key was put first into CALENDLY_ENCRYPTION_KEYS."""

    help = "Encrypts all stored secrets again with the first of CALENDLY_ENCRYPTION_KEYS."

    def handle(self, *_args: object, **_options: Any) -> None:
        try:
            count = calendly_accounts.rotate_secrets()
        except encryption.Unreadable as error:
            raise CommandError(
                f"{error} Put the key that wrote it back into CALENDLY_ENCRYPTION_KEYS."
            ) from error
        self.stdout.write(f"{count} secret(s) encrypted again. Older keys can be taken out now.")
