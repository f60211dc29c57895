"""gunicorn's settings: `gunicorn -c python:config.gunicorn config.wsgi`.

Threads, because a booking waits for Calendly: a worker without them would serve one agent at a time.
"""

import gc
import os
from typing import Any
from wsgiref.util import setup_testing_defaults

bind = os.environ.get("BIND", "127.0.0.1:8000")
workers = int(os.environ.get("WEB_CONCURRENCY", "2"))
threads = int(os.environ.get("WEB_THREADS", "8"))
worker_class = "config.web_worker.Worker"  # gthread with time limits
preload_app = True
timeout = 60
graceful_timeout = 30
keepalive = 15
control_socket_disable = True  # nobody here speaks to it
# A proxy that filters by path sees another path than we do where a client may set SCRIPT_NAME.
forwarder_headers = ""
# Far more than any client or proxy of ours sends.
limit_request_line = 4094
limit_request_fields = 64
limit_request_field_size = 8190

# Asked once before the fork: what Django builds on first use (addresses, templates, translations) is then there
# once, and not in each worker. Neither needs the database.
REHEARSED = ("/admin/login/", "/api/calendly/event-types")


def when_ready(server: Any) -> None:
    """Warm up, then freeze what there is, so that the collector does not copy shared pages."""
    from django.conf import settings
    from django.db import connections

    application = server.app.wsgi()
    for path in REHEARSED:
        environ: dict[str, Any] = {
            "PATH_INFO": path,
            "HTTP_HOST": settings.ALLOWED_HOSTS[0].lstrip("*.") or "localhost",
            "HTTP_X_FORWARDED_PROTO": "https",  # else it is only redirected
        }
        setup_testing_defaults(environ)
        application(environ, lambda *_: None).close()
    connections.close_all()  # a connection must not be used on both sides of a fork
    gc.collect()
    gc.freeze()
