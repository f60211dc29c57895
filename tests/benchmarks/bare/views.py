"""The bare view."""

import hashlib
import hmac
import re

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt

from .models import Row

HEADER = re.compile(r"t=(\d+),v1=([0-9a-f]{64})")
KEY = settings.CALENDLY_INTEGRATION["WEBHOOK_SECRETS"][0].encode()


@csrf_exempt
def receive(request: HttpRequest) -> HttpResponse:
    signature = HEADER.fullmatch(request.headers.get("Calendly-Webhook-Signature", ""))
    if signature is None:
        return HttpResponse(status=401)
    signed = signature[1].encode() + b"." + request.body
    if not hmac.compare_digest(hmac.new(KEY, signed, hashlib.sha256).hexdigest(), signature[2]):
        return HttpResponse(status=401)
    Row.objects.create(received_at=timezone.now(), body=request.body)
    return HttpResponse(b'{"success": true}', content_type="application/json")
