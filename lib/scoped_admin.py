"""What every admin of the portal stands on: the role decides, the TDSP limits, and each look is written down (D1, D3).

It is in the lowest room that has records of a TDSP. The trail belongs to a room above and is reached through the user's
`looks`.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, ClassVar

from django.contrib import admin
from django.contrib.admin.widgets import AdminSplitDateTime
from django.db.models import Model, QuerySet
from django.http import Http404
from django.http.response import HttpResponseBase
from django.template.response import SimpleTemplateResponse
from django.utils.translation import gettext

from meters.identifiers import bare_digits

if TYPE_CHECKING:
    from django.http import HttpRequest

NOTHING: frozenset[str] = frozenset()
LOOK = frozenset({"view"})
EDIT = frozenset({"view", "add", "change"})

_PART_OF_ESIID = re.compile(r"10[0-9]{3,20}")


def is_operator(request: HttpRequest) -> bool:
    """Operators run the portal and see every TDSP's records (D1)."""
    user = request.user
    return user.is_active and getattr(user, "is_staff", False) and getattr(user, "tdsp_id", None) is None


def tdsp_of(request: HttpRequest) -> int | None:
    """The key of the TDSP whose staff asks; None for everybody else."""
    user = request.user
    return getattr(user, "tdsp_id", None) if user.is_active and getattr(user, "is_staff", False) else None


def search_words(typed: str) -> str:
    """`typed`, or the digits of the ESIID or of its beginning that it is."""
    digits = bare_digits(typed)
    return digits if digits and _PART_OF_ESIID.fullmatch(digits) else typed


class ByRole:
    """Mixin for an admin or inline: what staff may do follows from the role and from no permission given by hand.

    Nobody deletes: agreements, usage and the trail stand on the records.
    """

    operators_may: ClassVar[frozenset[str]] = LOOK
    tdsp_may: ClassVar[frozenset[str]] = LOOK

    def may(self, request: HttpRequest, what: str) -> bool:
        if is_operator(request):
            return what in self.operators_may
        return tdsp_of(request) is not None and what in self.tdsp_may

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.may(request, "view")

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.may(request, "view")

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.may(request, "add")

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.may(request, "change")

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """Django 5.2 ties no label to the two halves of a date with time: each is named by what is seen (A1)."""
        field = super().formfield_for_dbfield(db_field, request, **kwargs)  # type: ignore[misc]  # of the admin
        if field and isinstance(field.widget, AdminSplitDateTime):
            for half, seen in zip(field.widget.widgets, (gettext("Date:"), gettext("Time:")), strict=True):
                half.attrs["aria-label"] = f"{seen} {field.label}"
        return field


class ScopedAdmin(ByRole, admin.ModelAdmin):
    """Staff of a TDSP find its own records only: what is another's does not exist for them (D1).

    `tdsp_path` leads from the model to its TDSP's key; where no path does, override `own`. A record's page that is not
    theirs is a 404. Lists, filters, searches, choices of related records, histories and actions start from the same
    queryset. Where `customer_data` is true each look is on the trail before the page is shown (D3).
    """

    tdsp_path: ClassVar[str] = ""
    customer_data: ClassVar[bool] = True
    operators_filters: ClassVar[tuple[str, ...]] = ()  # those that would name other TDSPs
    view_on_site = False
    show_full_result_count = False

    def own(self, request: HttpRequest, records: QuerySet[Any]) -> QuerySet[Any]:
        """Those of `records` that are the TDSP's whose staff asks."""
        return records.filter(**{self.tdsp_path: tdsp_of(request)}) if self.tdsp_path else records.none()

    def look_label(self, record: Any) -> str:
        """How the trail names `record` beside its key; nothing of a person."""
        return ""

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        records = super().get_queryset(request)
        if is_operator(request):
            return records
        return self.own(request, records) if tdsp_of(request) is not None else records.none()

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Any:
        record = super().get_object(request, object_id, from_field)
        if record is None:
            raise Http404
        return record

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.may(request, "view") and self._is_own(request, obj)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.may(request, "change") and self._is_own(request, obj)

    def _is_own(self, request: HttpRequest, obj: Any) -> bool:
        if obj is None or is_operator(request):
            return True
        return self.get_queryset(request).filter(pk=obj.pk).exists()

    def get_inline_instances(self, request: HttpRequest, obj: Any = None) -> Any:
        """A new record has none of the rows that nobody adds."""
        inlines = super().get_inline_instances(request, obj)
        return inlines if obj else [inline for inline in inlines if inline.has_add_permission(request, obj)]

    def get_list_filter(self, request: HttpRequest) -> Any:
        filters = super().get_list_filter(request)
        return filters if is_operator(request) else [name for name in filters if name not in self.operators_filters]

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest) -> bool:
        """Only what the list offers. Django lets any column be asked for, and prefixes tell all of one (X5)."""
        offered = [name if isinstance(name, str) else name[0] for name in self.get_list_filter(request)]
        offered += [self.date_hierarchy] if self.date_hierarchy else []
        named = any(lookup == name or lookup.startswith(f"{name}__") for name in offered if isinstance(name, str))
        return named and super().lookup_allowed(lookup, value, request)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """An ESIID or its beginning may be pasted as a spreadsheet shows it."""
        return super().get_search_results(request, queryset, search_words(search_term))

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        related = self.admin_site._registry.get(db_field.remote_field.model)
        if "queryset" not in kwargs and isinstance(related, ScopedAdmin):
            kwargs["queryset"] = related.get_queryset(request)
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def note_look(self, request: HttpRequest, action: str, record: Any = None, rows: int | None = None) -> None:
        """Write down that the user sees `record`, or `rows` of a list. What this raises keeps the page back (D3)."""
        if not self.customer_data:
            return
        assert request.user.is_authenticated  # the admin lets nobody else in
        request.user.looks.create(
            action=action,
            model=self.opts.label_lower,
            object_id="" if record is None else str(record.pk),
            label="" if record is None else self.look_label(record),
            rows=rows,
            tdsp_id=tdsp_of(request),
        )

    # Below: the answer is a template that has not been rendered yet when the look is written.

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        answer = super().changelist_view(request, extra_context)
        shown = (getattr(answer, "context_data", None) or {}).get("cl")
        if shown is not None:
            self.note_look(request, "search" if shown.query else "list", rows=len(shown.result_list))
        return answer

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> Any:
        answer = super().changeform_view(request, object_id, form_url, extra_context)
        return self._noted(request, "view", answer) if object_id else answer

    def history_view(self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None) -> Any:
        answer = super().history_view(request, object_id, extra_context)
        return self._noted(request, "history", answer, name="object")

    def _noted(
        self, request: HttpRequest, action: str, answer: HttpResponseBase, name: str = "original"
    ) -> HttpResponseBase:
        record: Model | None = None
        if isinstance(answer, SimpleTemplateResponse):
            record = (answer.context_data or {}).get(name)
        if record is not None:
            self.note_look(request, action, record)
        return answer
