"""Actions on many rows: a page that lists what will happen, then the service for each row."""

from collections.abc import Callable, Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Any, TypeVar

from django.contrib import messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from ..services.actors import Actor
from . import bulk_run, formatting
from .object_actions import Words
from .read_only import ReadOnlyAdmin

M = TypeVar("M", bound=Model)

# The maximum in one request. If the action can run in the background, it does so from BACKGROUND_FROM rows on.
MAX_IN_REQUEST = 500
BACKGROUND_FROM, MAX_IN_BACKGROUND = 100, 10_000
MAX_LISTED = 100
NO_ERRORS: Mapping[type[Exception], Words] = MappingProxyType({})


def confirm(
    page: ReadOnlyAdmin[M],
    request: HttpRequest,
    rows: QuerySet[M],
    *,
    label: Words,
    ask: Words,
    offered: Callable[[M, datetime], bool],
    do: Callable[[M, Actor, datetime], object],
    not_done: Mapping[type[Exception], Words] = NO_ERRORS,
    bulk: str = "",
) -> HttpResponse | None:
    """Ask for confirmation, then run the action for each row that offers it. `do` is the service: the actions
    differ in this call alone. An error in `not_done` becomes a message for its row and does not stop the
    others. Returns None to go back to the list. With `bulk`, the kind of run, more than a hundred rows are
    processed in the background."""
    now, most = timezone.now(), MAX_IN_BACKGROUND if bulk else MAX_IN_REQUEST
    found = list(rows[: most + 1])
    chosen = [row for row in found[:most] if offered(row, now)]
    left_out = len(found[:most]) - len(chosen)
    later = bool(bulk) and len(chosen) > BACKGROUND_FROM
    if not chosen:
        messages.warning(request, _("This action applies to none of these rows: nothing was done."))
        return None
    if request.POST.get("sure") != "yes":
        return page.page(
            request,
            "confirm_many.html",
            title=label,
            button=label,
            ask=ask,
            names=[formatting.plain(row) for row in chosen[:MAX_LISTED]],
            more=max(0, len(chosen) - MAX_LISTED),
            left_out=left_out,
            too_many=len(found) > most,
            most=most,
            later=later,
            hidden_fields=hidden_fields(request),
        )
    if later:
        return bulk_run.start(page, request, bulk, chosen, log=label)
    done = 0
    for row in chosen:
        try:
            do(row, page.actor(request), timezone.now())
        except tuple(not_done) as error:
            why = next(words for kind, words in not_done.items() if isinstance(error, kind))
            messages.warning(request, f"{formatting.plain(row)}: {why}")
        else:
            page.log_change(request, row, str(label))
            done += 1
    if done:
        text = ngettext("Done for %d row.", "Done for %d rows.", done) % done
        messages.success(request, f"{label}: {text}")
    return None


def hidden_fields(request: HttpRequest) -> list[tuple[str, Any]]:
    """The form fields that tell the list what was selected."""
    chosen = [(ACTION_CHECKBOX_NAME, pk) for pk in request.POST.getlist(ACTION_CHECKBOX_NAME)]
    return [
        ("action", request.POST.get("action", "")),
        ("select_across", request.POST.get("select_across", "0")),
        ("index", "0"),
        *chosen,
    ]
