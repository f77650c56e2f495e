"""The trail of staff's looks at customer data, to be read by operators and by a TDSP's supervisors (D3)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.apps import apps
from django.contrib import admin
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

from accounts.models import StaffLook
from lib.scoped_admin import ScopedAdmin, is_operator

if TYPE_CHECKING:
    from django.http import HttpRequest


@admin.register(StaffLook)
class StaffLookAdmin(ScopedAdmin):
    """Read-only. A look at the trail is none at customer data: nothing of a person is in it."""

    tdsp_path = "tdsp"
    customer_data = False
    fields = ["at", "person", "tdsp", "action", "kind_of_record", "object_id", "label", "rows"]
    list_display = ["at", "user", "tdsp", "action", "kind_of_record", "label", "rows"]
    list_display_links = ["at"]
    list_filter = ["action", "tdsp"]
    operators_filters = ("tdsp",)
    list_select_related = ["user", "tdsp"]
    search_fields = ["user__username__iexact", "label", "object_id__iexact"]
    search_help_text = _("User id, agreement number or the last digits of an ESIID")
    date_hierarchy = "at"

    def may(self, request: HttpRequest, what: str) -> bool:
        reader = is_operator(request) or bool(getattr(request.user, "is_supervisor", False))
        return reader and super().may(request, what)

    @admin.display(description=_("user"))
    def person(self, look: StaffLook) -> str:
        return str(look.user)

    @admin.display(description=_("kind of record"), ordering="model")
    def kind_of_record(self, look: StaffLook) -> Any:
        return capfirst(apps.get_model(look.model)._meta.verbose_name)
