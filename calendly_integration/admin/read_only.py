"""A model admin for read-only rows: they mirror Calendly or record what happened. Each action on a row has
a permission, a page, a service, an entry in the admin's log, a message and a redirect."""

import uuid
from functools import partial
from typing import Any, TypeVar

from django import forms
from django.contrib import messages
from django.contrib.admin.utils import flatten_fieldsets, quote, unquote
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Model, Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.loader import get_template
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from ..services.actors import Actor
from . import contact, display, formatting, viewer_timezone
from .bounded_lists import BoundedLists
from .object_actions import ConfirmedAction, ObjectAction, Words, error_message

M = TypeVar("M", bound=Model)


class ReadOnlyAdmin(BoundedLists[M]):
    """A read-only list and page, with buttons for `object_actions`."""

    show_full_result_count = False
    empty_value_display = formatting.EMPTY
    list_per_page = 50
    # Like Django's `fields`, but it may also contain columns.
    lines: tuple[str | display.Column, ...] = ()
    object_actions: tuple[ObjectAction, ...] = ()
    # The text of an empty list.
    nothing_yet: Words = gettext_lazy("There is nothing here yet.")
    # Searched if the term is a UUID: databases store UUIDs in different formats.
    uuid_lookups: tuple[str, ...] = ()

    class Media:
        css = {"all": ["calendly_integration/admin.css"]}
        js = ["calendly_integration/vendor/htmx/htmx.min.js"]

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Read-only: rows come from Calendly or from events."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: M | None = None) -> bool:
        """Read-only: these rows mirror Calendly."""
        return False

    def has_view_permission(self, request: HttpRequest, obj: M | None = None) -> bool:
        """Viewing needs the view permission. Django also accepts the change permission, which we use for
        our own columns."""
        return self.may(request, f"view_{self.opts.model_name}")

    def has_delete_permission(self, request: HttpRequest, obj: M | None = None) -> bool:
        """Read-only: the records are kept."""
        return False

    def may(self, request: HttpRequest, permission: str) -> bool:
        """Whether this person has one of the app's own permissions."""
        return request.user.has_perm(f"{self.opts.app_label}.{permission}")

    def get_fields(self, request: HttpRequest, obj: M | None = None) -> Any:
        """The fields of the page, with bounded texts."""
        return [display.bounded(self.model, each) for each in self.lines]

    def get_readonly_fields(self, request: HttpRequest, obj: M | None = None) -> list[Any]:
        """All fields."""
        return flatten_fieldsets(self.get_fieldsets(request, obj))

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> M | None:
        """The object, with a note of what this person may not see of it."""
        found = super().get_object(request, object_id, from_field)
        if found is not None:
            hidden = {
                key
                for permission, keys in display.INVITEE_LINKS.items()
                if not self.may(request, permission)
                for key in keys
            }
            found._calendly_hidden_keys = hidden  # type: ignore[attr-defined]
        return found

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[M], search_term: str
    ) -> tuple[QuerySet[M], bool]:
        """Search, also by one of our ids."""
        try:
            wanted = uuid.UUID(search_term.strip())
        except ValueError:
            return super().get_search_results(request, queryset, search_term)
        by_id = Q(pk__in=[])
        for lookup in self.uuid_lookups:
            by_id |= Q(**{lookup: wanted})
        return queryset.filter(by_id), False

    # Pages

    def get_urls(self) -> list[URLPattern]:
        """Django's URLs, and one for each action."""
        own = [
            path(
                f"<path:object_id>/{action.name}/", self._action_view(action), name=self.url_name(action.name)
            )
            for action in self.object_actions
        ]
        patterns = own + super().get_urls()
        for pattern in patterns:
            pattern.callback = viewer_timezone.in_zone(pattern.callback)
        return patterns

    def _action_view(self, action: ObjectAction) -> Any:
        view = partial(self._run_action, action)
        # Services own their transactions and make HTTP calls between them; a host may wrap requests in one.
        return self.admin_site.admin_view(transaction.non_atomic_requests(view))

    def _run_action(self, action: ObjectAction, request: HttpRequest, object_id: str) -> HttpResponse:
        """Check the permission for any method, then call the view."""
        if not (self.may(request, action.permission) and self.has_view_permission(request)):
            raise PermissionDenied
        row = self.get_object(request, unquote(object_id))
        if row is None:
            raise Http404
        answer: HttpResponse = getattr(self, action.view)(request, row, action)
        return answer

    def url_name(self, page: str) -> str:
        """The URL name of a page, without the namespace."""
        return f"{self.opts.app_label}_{self.opts.model_name}_{page}"

    def url(self, page: str, row: Model | None = None) -> str:
        """The URL of a page of this model."""
        args = [] if row is None else [quote(row.pk)]
        return reverse(f"admin:{self.url_name(page)}", args=args, current_app=self.admin_site.name)

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Django's list, titled by its model, with a hint while it is empty."""
        own = {"title": capfirst(self.opts.verbose_name_plural), "nothing_yet": self.nothing_yet}
        return super().changelist_view(request, own | (extra_context or {}))

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """Django's page, with buttons and a bounded name in the breadcrumbs."""
        row = self.get_object(request, unquote(object_id))
        extra: dict[str, Any] = {
            "title": capfirst(self.opts.verbose_name),
            "breadcrumbs_are_a_list": breadcrumbs_are_a_list(),
            "object_actions": self._buttons(request, row),
        }
        if row is None:
            object_id = _quoted_id(object_id)
        else:
            extra |= {"name": formatting.plain(row), "subtitle": formatting.plain(row)}
            if self.has_view_permission(request, row):
                extra |= self.sections(row)
        return super().change_view(request, object_id, form_url, extra | (extra_context or {}))

    def sections(self, row: M) -> dict[str, Any]:
        """Context for a template of the model."""
        return {}

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Django's page, with a bounded name in its title and breadcrumbs."""
        row = self.get_object(request, unquote(object_id))
        name = formatting.plain(row) if row is not None else ""
        object_id = object_id if row is not None else _quoted_id(object_id)
        extra = {
            "breadcrumbs_are_a_list": breadcrumbs_are_a_list(),
            "name": name,
            "title": _("History of %s") % name,
            "original": row,
        }
        return super().history_view(request, object_id, extra | (extra_context or {}))

    def _buttons(self, request: HttpRequest, row: M | None) -> list[dict[str, Any]]:
        now = timezone.now()
        return [
            {"label": action.label, "url": self.url(action.name, row)}
            for action in self.object_actions
            if row is not None and action.offered(row, now) and self.may(request, action.permission)
        ]

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
            "back": self.url("changelist") if row is None else self.url("change", row),
        }
        request.current_app = self.admin_site.name
        return TemplateResponse(request, f"calendly_integration/admin/{template}", frame | context)

    def finish_action(
        self, request: HttpRequest, row: M, log: Words, text: Words, level: int = messages.SUCCESS
    ) -> HttpResponseRedirect:
        """Write to the admin's log, show a message, and redirect to the page where the button was, or to the
        object's own."""
        self.log_change(request, row, str(log))
        messages.add_message(request, level, str(text))
        return HttpResponseRedirect(contact.next_page(request, self.url("change", row)))

    def confirm_view(self, request: HttpRequest, row: M, action: ConfirmedAction) -> HttpResponse:
        """Ask for confirmation, then run the action."""
        if request.method != "POST":
            return self.page(
                request, "confirm.html", title=action.label, row=row, ask=action.ask, button=action.label
            )
        try:
            action.do(row, Actor.staff(request.user.get_username()), timezone.now())
        except tuple(action.error_messages) as error:
            messages.warning(request, str(error_message(action.error_messages, error)))
            return HttpResponseRedirect(contact.next_page(request, self.url("change", row)))
        return self.finish_action(request, row, action.label, action.done)


def _quoted_id(object_id: str) -> str:
    """An invalid key, safe for the message that shows it."""
    return quote(formatting.plain(unquote(object_id)))


def breadcrumbs_are_a_list() -> bool:
    """Whether this admin renders breadcrumbs as a list, as Django 6.1 does, or as a line of links."""
    template = get_template("admin/base.html")
    return '<ol class="breadcrumbs">' in getattr(getattr(template, "template", None), "source", "")
