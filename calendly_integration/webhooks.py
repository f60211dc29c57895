"""Where Calendly delivers: verify, store, answer. Everything else is the worker's.

A bare view, because it is called most of all: no REST framework, no session, no translation, no user.
"""

import logging

from django.db import Error as DatabaseTrouble
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt

from .services.webhooks import inbox

log = logging.getLogger("calendly.receiver")

LARGEST = 1024 * 1024
RETRY_AFTER = "10"


def _answer(status: int, body: bytes, **headers: str) -> HttpResponse:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return HttpResponse(body, status=status, content_type="application/json", headers=named)


def _unsigned() -> HttpResponse:
    return _answer(401, b'{"error": "Invalid signature"}')


# Calendly has no cookie, hence no CSRF token: the signature proves the sender. It has no login either, so a
# portal that asks everybody for one must leave it out here (Django's LoginRequiredMiddleware reads the mark).
# Outside the request's transaction: 200 may be said only once the row is committed.
@csrf_exempt
@transaction.non_atomic_requests
def receive(request: HttpRequest) -> HttpResponse:
    """Store a signed delivery. 200 only once it is stored durably."""
    if request.method != "POST":
        return _answer(405, b'{"error": "Method not allowed"}', Allow="POST")
    try:
        length = int(request.META.get("CONTENT_LENGTH") or -1)
    except ValueError:
        length = -1
    if length < 0:
        # Under WSGI a chunked body arrives as nothing: it must not pass for an empty one.
        return _answer(411, b'{"error": "Content-Length is required"}')
    if length > LARGEST:
        return _answer(413, b'{"error": "Too large"}')
    signature = request.META.get("HTTP_CALENDLY_WEBHOOK_SIGNATURE")
    try:
        # A sender without a key cannot keep a thread waiting for a body.
        inbox.check_header(signature, now=timezone.now())
    except inbox.Refused:
        return _unsigned()
    try:
        # Not `request.body`: that obeys the host's DATA_UPLOAD_MAX_MEMORY_SIZE, which may be smaller.
        body = request.read(length)
    except OSError:
        body = b""
    if len(body) < length:
        return _answer(400, b'{"error": "The body is shorter than its Content-Length"}')
    return _store(body, signature)


receive.login_required = False  # type: ignore[attr-defined]


def _store(body: bytes, signature: str | None) -> HttpResponse:
    try:
        inbox.accept(body=body, signature=signature, now=timezone.now())
    except inbox.Refused:
        return _unsigned()
    except DatabaseTrouble as error:
        log.warning("a delivery could not be stored: %s", type(error).__name__)
        return _answer(503, b'{"error": "Try again later"}', Retry_After=RETRY_AFTER)
    return _answer(200, b'{"success": true}')
