"""Tables of the machine."""

from typing import TypeVar

from django.db.models import Model
from django.http import HttpRequest

from .read_only import ReadOnlyAdmin

M = TypeVar("M", bound=Model)


class TechnicalAdmin(ReadOnlyAdmin[M]):
    """A table that staff reach from the system status. The admin's index and sidebar leave it out, except for
    people who may see neither bookings nor the system status: they would not find it."""

    def get_model_perms(self, request: HttpRequest) -> dict[str, bool]:
        """Django lists a model in the index only if one of these is true. Its pages stay where they are."""
        if self.may(request, "view_booking") or self.may(request, "view_calendlyaccount"):
            return {}
        return super().get_model_perms(request)
