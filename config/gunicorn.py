"""gunicorn's settings: `gunicorn -c python:config.gunicorn config.wsgi`.

Workers have threads, because a booking waits for Calendly: a worker without them serves one agent at a time.
"""

import gc
import os
from typing import Any
from wsgiref.util import setup_testing_defaults

bind = os.environ.get("BIND", "127.0.0.1:8000")
workers = int(os.environ.get("WEB_CONCURRENCY", "2"))
threads = int(os.environ.get("WEB_THREADS", "8"))
worker_class = "config.web_worker.Worker"  # gthread with time limits for clients
preload_app = True
timeout = 60
graceful_timeout = 30
keepalive = 15
control_socket_disable = True  # it is not used
# If a client could set SCRIPT_NAME, a proxy that filters by path would see another path than Django.
forwarder_headers = ""
# More than our clients and proxies send.
limit_request_line = 4094
limit_request_fields = 64
limit_request_field_size = 8190

# Requested once before the fork: what Django builds on first use (URLs, templates, translations) is then shared by
# the workers. Neither path needs the database.
WARM_UP_PATHS = ("/admin/login/", "/api/calendly/event-types")


def when_ready(server: Any) -> None:
    """Warm up, then freeze all objects, so that the garbage collector does not copy shared pages."""
    from django.conf import settings
    from django.db import connections

    application = server.app.wsgi()
    for path in WARM_UP_PATHS:
        environ: dict[str, Any] = {
            "PATH_INFO": path,
            "HTTP_HOST": settings.ALLOWED_HOSTS[0].lstrip("*.") or "localhost",
            "HTTP_X_FORWARDED_PROTO": "https",  # otherwise it is only redirected
        }
        setup_testing_defaults(environ)
        application(environ, lambda *_: None).close()
    connections.close_all()  # a connection must not be shared across a fork
    gc.collect()
    gc.freeze()
