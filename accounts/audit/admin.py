"""The access log, for operators and for a TDSP's supervisors (D3)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.apps import apps
from django.contrib import admin
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

from accounts.models import AccessLogEntry
from lib.scoped_admin import ScopedAdmin, is_operator

if TYPE_CHECKING:
    from django.http import HttpRequest


@admin.register(AccessLogEntry)
class AccessLogEntryAdmin(ScopedAdmin):
    """Read-only. Viewing the access log is not itself logged: it contains no personal data."""

    tdsp_path = "tdsp"
    customer_data = False
    fields = ["at", "person", "tdsp", "action", "kind_of_record", "object_id", "label", "rows"]
    list_display = ["at", "user", "tdsp", "action", "kind_of_record", "label", "rows"]
    list_display_links = ["at"]
    list_filter = ["action", "tdsp"]
    operators_filters = ("tdsp",)
    list_select_related = ["user", "tdsp"]
    search_fields = ["user__username__iexact", "label", "object_id__iexact"]
    search_help_text = _("User ID, agreement number, or last digits of an ESIID")
    date_hierarchy = "at"

    def allows(self, request: HttpRequest, permission: str) -> bool:
        is_reader = is_operator(request) or bool(getattr(request.user, "is_supervisor", False))
        return is_reader and super().allows(request, permission)

    @admin.display(description=_("user"))
    def person(self, entry: AccessLogEntry) -> str:
        return str(entry.user)

    @admin.display(description=_("kind of record"), ordering="model")
    def kind_of_record(self, entry: AccessLogEntry) -> Any:
        return capfirst(apps.get_model(entry.model)._meta.verbose_name)
