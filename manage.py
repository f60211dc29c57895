#!/usr/bin/env python
"""Django's command line for the reference project."""

import os
import sys


def main() -> None:
    """Run a command with the reference project's settings, unless others are named."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    from django.core.management import execute_from_command_line

    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
