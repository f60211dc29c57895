"""ASGI entry point. Under ASGI set CONN_MAX_AGE to 0: its threads do not persist."""

import os

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
application = get_asgi_application()
