"""Lists that accept only the parameters they offer, with valid values."""

from collections.abc import Iterable, Iterator
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from django.contrib import admin, messages
from django.contrib.admin.filters import FieldListFilter, SimpleListFilter
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.admin.utils import get_fields_from_path
from django.contrib.admin.views.main import ChangeList
from django.core.exceptions import EmptyResultSet, ValidationError
from django.db.models import Field, Model, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.utils.html import format_html
from django.utils.translation import gettext

from . import formatting

M = TypeVar("M", bound=Model)
MAX_SEARCH_LENGTH = 200
STOCK_FILTER = "admin/filter.html"
DATE_PARTS = {"year": range(1, 10_000), "month": range(1, 13), "day": range(1, 32)}

if TYPE_CHECKING:

    class _ModelAdmin(admin.ModelAdmin[M]):
        """The stubs' admin is generic, Django's is not."""

else:

    class _ModelAdmin(admin.ModelAdmin, Generic[M]):
        """The stubs' admin is generic, Django's is not."""


class BoundedList(ChangeList):
    """Django's change list. If a parameter is not offered or its value is invalid, the list is empty and
    `refused` names the parameter: Django itself filters by any column of the model and of related models."""

    refused: tuple[str, ...] = ()

    def get_queryset(self, request: HttpRequest, exclude_parameters: Any = None) -> QuerySet[Any]:
        """The requested rows."""
        self._refuse(list(self._not_offered(request)))
        try:
            rows = super().get_queryset(request, exclude_parameters)
            with suppress(EmptyResultSet):
                rows.query.get_compiler(rows.db).as_sql()  # impossible dates fail only here
        except (IncorrectLookupParameters, ValidationError, ValueError, OverflowError):
            self._refuse(list(self.get_filters_params()))
            rows = super().get_queryset(request, exclude_parameters)
        return rows.none() if self.refused else rows

    def get_filters(self, request: HttpRequest) -> Any:
        """The filters. Choices of Django's own filters may contain external text, so they use our template."""
        found = super().get_filters(request)
        for spec in found[0]:
            if spec.template == STOCK_FILTER:
                spec.template = "calendly_integration/admin/list_filter.html"
        return found

    def get_results(self, request: HttpRequest) -> None:
        """The rows of the page, or of the first page if the requested one does not exist."""
        try:
            super().get_results(request)
        except IncorrectLookupParameters:
            self.page_num = 1
            super().get_results(request)

    def _not_offered(self, request: HttpRequest) -> Iterator[str]:
        for name, values in self.get_filters_params().items():
            allowed = all(self.model_admin.lookup_allowed(name, value, request) for value in values)
            if not allowed or any("\0" in value for value in values) or not self._can_be(name, values):
                yield name

    def _can_be(self, name: str, values: Iterable[str]) -> bool:
        """Whether a part of the date hierarchy is a valid number."""
        field, _lookup, part = name.rpartition("__")
        if not self.date_hierarchy or field != self.date_hierarchy or part not in DATE_PARTS:
            return True
        return all(value.isascii() and value.isdigit() and len(value) < 5 for value in values) and all(
            int(value) in DATE_PARTS[part] for value in values
        )

    def _refuse(self, names: Iterable[str]) -> None:
        for name in names:
            self.refused = (*self.refused, name)
            self.params.pop(name, None)
            self.filter_params.pop(name, None)


class BoundedLists(_ModelAdmin[M]):
    """A model admin whose list accepts only its filters, its date hierarchy and its search."""

    # Also allowed: parameters of our own links. Never a column that some viewers may not see.
    linked_lookups: tuple[str, ...] = ()

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest | None = None) -> bool:
        """Whether the list offers this parameter."""
        return lookup in self.linked_lookups or any(
            lookup in names for names in _offered(self, request or HttpRequest())
        )

    def get_changelist(self, request: HttpRequest, **options: Any) -> type[ChangeList]:
        """The bounded change list."""
        return BoundedList

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[M], search_term: str
    ) -> tuple[QuerySet[M], bool]:
        """Search. The term is cut, because each word adds a condition per field and databases limit their
        number."""
        term = search_term.replace("\0", "")[:MAX_SEARCH_LENGTH]
        return super().get_search_results(request, queryset, term)

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> M | None:
        """The object; None if the database cannot hold such a key."""
        if from_field is None and not is_key(self.model, object_id):
            return None
        found: M | None = super().get_object(request, object_id, from_field)
        return found

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Django's list, with a message about parameters that it does not support."""
        answer: HttpResponse = super().changelist_view(request, extra_context)
        context = answer.context_data if isinstance(answer, TemplateResponse) else None
        refused = getattr((context or {}).get("cl"), "refused", ())
        if refused:
            text = gettext("This list does not support these parameters (%s), so nothing is listed.")
            message = text % formatting.plain(", ".join(refused), 120)
            messages.warning(
                request, format_html('{} <a href="?">{}</a>', message, gettext("Show the whole list"))
            )
        return answer

    def response_action(self, request: HttpRequest, queryset: QuerySet[M], *args: Any, **options: Any) -> Any:
        """Django's action, if all selected keys are valid."""
        if not all(is_key(self.model, key) for key in request.POST.getlist(ACTION_CHECKBOX_NAME)):
            messages.warning(request, gettext("These rows are not in this list: nothing was done."))
            return HttpResponseRedirect(request.get_full_path())
        return super().response_action(request, queryset, *args, **options)


def is_key(model: type[Model], text: str) -> bool:
    """Whether an object of this model can have that primary key."""
    field: Field[Any, Any] = model._meta.pk
    while field.remote_field is not None:
        field = field.target_field  # type: ignore[attr-defined]
    try:
        field.run_validators(field.to_python(text))
    except (ValidationError, ValueError, OverflowError):
        return False
    return "\0" not in text


def _offered(page: BoundedLists[Any], request: HttpRequest) -> Iterator[Iterable[str]]:
    """The names of the supported parameters. Field filters come last, because creating one may need a query."""
    if page.date_hierarchy:
        yield [f"{page.date_hierarchy}__{part}" for part in DATE_PARTS]
    filters: Any = page.get_list_filter(request)
    simple = [each for each in filters if isinstance(each, type) and issubclass(each, SimpleListFilter)]
    yield [str(each.parameter_name) for each in simple]
    for each in filters:
        if each in simple:
            continue
        path, kind = each if isinstance(each, tuple | list) else (each, FieldListFilter.create)
        field = get_fields_from_path(page.model, path)[-1]
        yield kind(field, request, {}, page.model, page, field_path=path).expected_parameters()
