"""The client's address behind a proxy."""

from collections.abc import Callable
from contextlib import suppress
from ipaddress import ip_address

from django.http import HttpRequest
from django.http.response import HttpResponseBase


def client_address(
    get_response: Callable[[HttpRequest], HttpResponseBase],
) -> Callable[..., HttpResponseBase]:
    """Take the client's address from the last entry of X-Forwarded-For, which the proxy writes.

    Use it behind a proxy only: the client can write all other entries, and without a proxy also the last one.
    """

    def middleware(request: HttpRequest) -> HttpResponseBase:
        forwarded = request.META.get("HTTP_X_FORWARDED_FOR", "").rpartition(",")[2].strip()
        with suppress(ValueError):
            request.META["REMOTE_ADDR"] = str(ip_address(forwarded))
        return get_response(request)

    return middleware
