"""System checks: what is set wrongly is said before it can do harm, with what to type. No secret is shown.

`E` ids are errors, `W` ids warnings; those that only matter in production appear under `check --deploy`.
"""

from django.core import checks

from . import _database, _ours, _queue

TAG = "calendly"


def register() -> None:
    """Register all checks of the app."""
    for found in (_ours.check, _database.check):
        checks.register(found, TAG)
    for found in (_ours.check_deployment, _queue.check_deployment, _database.check_deployment):
        checks.register(found, TAG, deploy=True)
