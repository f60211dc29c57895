"""Run `check --deploy` with production settings. Errors and warnings of our own checks fail."""

import os
import subprocess
import sys

PRODUCTION = {
    "DJANGO_SECRET_KEY": "0kq3v-Zx81hG_wTn5RbYc7LdM2sPfUaEjHoKi4VgWt9XzQyB6N",
    "DJANGO_ALLOWED_HOSTS": "portal.example",
    "DATABASE_URL": "postgres://calendly:secret@database.example/calendly",
    "REDIS_URL": "redis://redis.example:6379/0",
    "PUBLIC_URL": "https://portal.example",
    "CALENDLY_API_KEY": "a-personal-access-token",
    "CALENDLY_WEBHOOK_SECRET": "vQ2mX9rT4kLw8ZpN6yBd3HsJ7uCf5GaE",
    "CALENDLY_ENCRYPTION_KEYS": "Yk1zR2pXbTdRd0V0VjRhTHNIOGNKMGZVaUdvTjVxUDY=",
    "VAI_API_URL": "https://portal.example/api",
    "VAI_API_KEY": "a-portal-key",
}
# These concern other hosts of the domain and browsers' preload lists: not this project's decision.
ALLOWED = ("security.W005", "security.W021")


def main() -> int:
    """Print the findings. Return 1 for an error or an unexpected warning."""
    ran = subprocess.run(
        [sys.executable, "-W", "error", "manage.py", "check", "--deploy", "--fail-level", "ERROR"],
        env={**os.environ, **PRODUCTION},
        capture_output=True,
        text=True,
        check=False,
    )
    print(ran.stdout + ran.stderr)
    found = [
        line for line in (ran.stdout + ran.stderr).splitlines() if line.startswith("?: (") or ": (" in line
    ]
    unwanted = [line for line in found if not any(f"({name})" in line for name in ALLOWED)]
    if ran.returncode or unwanted:
        print("check --deploy has findings with production settings.", *unwanted, sep="\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
