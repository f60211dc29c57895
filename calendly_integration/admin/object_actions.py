"""Actions on one object: a button on its page, a permission, and a page of its own.

To add a button to the page of an object, write the view as a method of its admin and name it in
`get_object_actions`:

    class HostAdmin(ReadOnlyAdmin[Host]):
        def get_object_actions(self) -> list[ObjectAction]:
            return [ObjectAction("retire", _("Retire"), "change_host", self.retire_view)]

        def retire_view(self, request: HttpRequest, host: Host) -> HttpResponse:
            if request.method != "POST":
                return self.confirm_page(request, host, title=_("Retire"), ask=_("What will happen."))
            try:
                hosts.retire(host, by=self.actor(request), now=timezone.now())
            except hosts.Busy:
                return self.refuse_action(request, host, _("Why nothing was done."))
            return self.finish_action(request, host, log=_("Retired."), text=_("The host is retired."))

The URL is `<object>/retire/`, its name `calendly_integration_host_retire`. The permission is checked before
the view is called. `offered` hides the button where the action makes no sense; the view decides again. An
action that is harmless and can be undone may be `at_once`: its button posts, without a page that asks. A
form with fields has a template of its own, which `page` renders.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from django import forms
from django.contrib import messages
from django.contrib.admin.utils import quote, unquote
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Model
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.loader import get_template
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.functional import Promise

from ..services.actors import Actor
from . import formatting, nav
from .bounded_lists import BoundedLists

M = TypeVar("M", bound=Model)
Words = str | Promise


def always(row: Any, now: datetime) -> bool:
    """For actions whose button is on every object."""
    return True


@dataclass(frozen=True, slots=True)
class ObjectAction:
    """A button on an object's page. `name` is part of the URL. `view` and `offered` are functions because
    each action differs in them alone. `tone` is `main`, `danger` or empty."""

    name: str
    label: Words
    permission: str
    view: Callable[[HttpRequest, Any], HttpResponse]
    offered: Callable[[Any, datetime], bool] = always
    at_once: bool = False
    tone: str = ""


class ObjectActionsMixin(BoundedLists[M]):
    """The part of a model admin that runs actions on one object, and the pages they share."""

    def get_object_actions(self) -> list[ObjectAction]:
        """The actions on an object of this model."""
        return []

    def get_urls(self) -> list[URLPattern]:
        """Django's URLs, and one for each action."""
        own = [
            path(
                f"<path:object_id>/{action.name}/", self._action_view(action), name=self.url_name(action.name)
            )
            for action in self.get_object_actions()
        ]
        return own + super().get_urls()

    def _action_view(self, action: ObjectAction) -> Callable[..., HttpResponse]:
        def view(request: HttpRequest, object_id: str) -> HttpResponse:
            if not (self.may(request, action.permission) and self.has_view_permission(request)):
                raise PermissionDenied
            row = self.get_object(request, unquote(object_id))
            if row is None:
                raise Http404
            return action.view(request, row)

        # Services own their transactions and make HTTP calls between them; a host may wrap requests in one.
        return self.admin_site.admin_view(transaction.non_atomic_requests(view))

    def buttons(self, request: HttpRequest, row: M) -> list[dict[str, Any]]:
        """The actions that this person may run on this object now."""
        now = timezone.now()
        return [
            {
                "name": action.name,
                "label": action.label,
                "url": self.url(action.name, row),
                "at_once": action.at_once,
                "tone": action.tone,
            }
            for action in self.get_object_actions()
            if action.offered(row, now) and self.may(request, action.permission)
        ]

    def may(self, request: HttpRequest, permission: str) -> bool:
        """Whether this person has one of the app's own permissions."""
        return request.user.has_perm(f"{self.opts.app_label}.{permission}")

    def actor(self, request: HttpRequest) -> Actor:
        """The person who acts, for the services."""
        return Actor.staff(request.user.get_username())

    def url_name(self, page: str) -> str:
        """The URL name of a page, without the namespace."""
        return f"{self.opts.app_label}_{self.opts.model_name}_{page}"

    def url(self, page: str, row: Model | None = None) -> str:
        """The URL of a page of this model."""
        args = [] if row is None else [quote(row.pk)]
        return reverse(f"admin:{self.url_name(page)}", args=args, current_app=self.admin_site.name)

    def next_url(self, request: HttpRequest, row: Model) -> str:
        """Where to go after an action: the page of ours that the button was on, or the object's page."""
        return nav.next_url(request, self.url("change", row))

    def page(
        self,
        request: HttpRequest,
        template: str,
        *,
        title: Words,
        row: M | None = None,
        css: tuple[str, ...] = (),
        js: tuple[str, ...] = (),
        **context: Any,
    ) -> TemplateResponse:
        """A page of ours in the frame of the admin, with its own style sheets and scripts."""
        own = forms.Media(css={"all": css}, js=js)
        frame = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "media": self.media + own,
            "title": title,
            "breadcrumbs_are_a_list": breadcrumbs_are_a_list(),
            "has_view_permission": True,
            "original": row,
            "name": formatting.plain(row) if row is not None else "",
            "back": self.url("changelist") if row is None else self.next_url(request, row),
        }
        request.current_app = self.admin_site.name
        return TemplateResponse(request, f"calendly_integration/admin/{template}", frame | context)

    def confirm_page(self, request: HttpRequest, row: M, *, title: Words, ask: Words) -> TemplateResponse:
        """A page that says what will happen, with one button."""
        return self.page(request, "confirm.html", title=title, row=row, ask=ask, button=title)

    def finish_action(
        self, request: HttpRequest, row: M, log: Words, text: Words, level: int = messages.SUCCESS
    ) -> HttpResponseRedirect:
        """Write to the admin's log, show a message, and go back."""
        self.log_change(request, row, str(log))
        messages.add_message(request, level, str(text))
        return HttpResponseRedirect(self.next_url(request, row))

    def refuse_action(self, request: HttpRequest, row: M, text: Words) -> HttpResponseRedirect:
        """Say why nothing was done, and go back."""
        messages.warning(request, str(text))
        return HttpResponseRedirect(self.next_url(request, row))


def breadcrumbs_are_a_list() -> bool:
    """Whether this admin renders breadcrumbs as a list, as Django 6.1 does, or as a line of links."""
    template = get_template("admin/base.html")
    return '<ol class="breadcrumbs">' in getattr(getattr(template, "template", None), "source", "")
