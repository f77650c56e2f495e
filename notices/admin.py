"""Notices for staff: TDSP staff write those of their TDSP, operators those of every TDSP and their own (T2, D1)."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.db.models.functions import Now
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from lib.scoped_admin import EDIT, ScopedAdmin, is_operator, tdsp_of
from notices.models import Notice, NoticeQuerySet


@admin.register(Notice)
class NoticeAdmin(ScopedAdmin):
    """A notice is ended, not deleted, so that what people were told can be looked up."""

    operators_may = tdsp_may = EDIT
    tdsp_path = "tdsp"
    customer_data = False
    operators_filters = ("tdsp",)
    list_display = ["title", "tdsp", "audience", "published_from", "published_until", "in_spanish"]
    list_filter = ["audience", "tdsp"]
    list_select_related = ["tdsp"]
    search_fields = ["title", "title_es"]
    search_help_text = _("Words in the title")
    actions = ["end_now"]

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        about = ("tdsp", "audience") if is_operator(request) else ("audience",)
        fallback = _("Without a Spanish text, people who read Spanish see the English text.")
        return (
            (None, {"fields": (*about, "title", "text")}),
            (_("In Spanish"), {"fields": ("title_es", "text_es"), "description": fallback}),
            (_("When"), {"fields": ("published_from", "published_until"), "description": _("In Central Time.")}),
        )

    @admin.display(boolean=True, description=_("in Spanish"))
    def in_spanish(self, notice: Notice) -> bool:
        return bool(notice.title_es)

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """Set the TDSP of its staff's notices here, so that a forged form cannot name another one."""
        if not is_operator(request):
            obj.tdsp_id = tdsp_of(request)
        if not change:
            obj.made_by = request.user
        super().save_model(request, obj, form, change)

    @admin.action(description=_("End now: the notice disappears"), permissions=["change"])
    def end_now(self, request: HttpRequest, notices: NoticeQuerySet) -> None:
        ended = notices.published().filter(published_from__lt=Now()).update(published_until=Now())
        text = ngettext("%d notice was ended.", "%d notices were ended.", ended) % ended
        self.message_user(request, text, messages.SUCCESS if ended else messages.WARNING)
