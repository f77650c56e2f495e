"""The base class of every admin: the role decides, the TDSP limits, and what is shown is logged (D1, D3).

An admin only notes on the request what its page shows (`request.viewed_records`). accounts.access_log writes the log
from it before the response leaves.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from django.contrib import admin
from django.contrib.admin.widgets import AdminSplitDateTime
from django.db.models import QuerySet, TextChoices
from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.template.response import SimpleTemplateResponse
from django.utils.functional import lazy
from django.utils.text import Truncator, capfirst
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from phonenumber_field.modelfields import PhoneNumberField

from lib.admin_search import SearchKind, list_kinds
from lib.capped_count import CappedPaginator
from lib.form_fields import PhoneField

LONGEST_LABEL = 40
NOTHING: frozenset[str] = frozenset()
VIEW = frozenset({"view"})
EDIT = frozenset({"view", "add", "change"})


class AccessAction(TextChoices):
    """How staff saw records (D3)."""

    VIEW = "view", _("Opened")
    LIST = "list", _("Listed")
    SEARCH = "search", _("Searched")
    HISTORY = "history", _("Opened the history")
    EXPORT = "export", _("Downloaded")


@dataclass(frozen=True)
class ViewedRecords:
    """What a page showed: one record of `model`, or `rows` of a list. Contains no personal data (D3)."""

    action: AccessAction
    model: str
    object_id: str = ""
    label: str = ""
    rows: int | None = None


def is_operator(request: HttpRequest) -> bool:
    """Whether the user runs the portal and sees every TDSP's records (D1)."""
    return getattr(request.user, "is_operator", False)


def tdsp_of(request: HttpRequest) -> int | None:
    """Return the key of the TDSP that the user works for; None for everyone else."""
    user = request.user
    return getattr(user, "tdsp_id", None) if user.is_active and getattr(user, "is_staff", False) else None


class RolePermissions:
    """Mixin for an admin or inline: permissions follow from the role, never from Django's permission table.

    Nothing is deleted: agreements, usage and the access log refer to the records.
    """

    operators_may: ClassVar[frozenset[str]] = VIEW
    tdsp_may: ClassVar[frozenset[str]] = VIEW

    def allows(self, request: HttpRequest, permission: str, record: Any = None) -> bool:
        if is_operator(request):
            return permission in self.operators_may
        return tdsp_of(request) is not None and permission in self.tdsp_may

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.allows(request, "view")

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.allows(request, "view", obj)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.allows(request, "add")

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.allows(request, "change", obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """Name both halves of a date with time as they are seen: Django 5.2 gives them no label (A1).

        A phone number has the field of the portal's pages, which shows it as people dial it.
        """
        if isinstance(db_field, PhoneNumberField):
            return PhoneField(label=capfirst(db_field.verbose_name), required=not db_field.blank)
        field = super().formfield_for_dbfield(db_field, request, **kwargs)  # type: ignore[misc]  # of the admin
        if field and isinstance(field.widget, AdminSplitDateTime):
            for half, seen in zip(field.widget.widgets, (gettext("Date:"), gettext("Time:")), strict=True):
                half.attrs["aria-label"] = f"{seen} {field.label}"
        return field


class ScopedAdmin(RolePermissions, admin.ModelAdmin):
    """An admin in which a TDSP's staff find only its own records; another TDSP's record is a 404 (D1).

    `tdsp_path` leads from the model to its TDSP's key; without a path, override `limit_to_tdsp`. Lists, filters,
    searches, choices of related records, histories and actions start from the same queryset. It has no records of the
    sandbox's utility (V15). With `customer_data`, every page is recorded for the access log (D3).
    """

    tdsp_path: ClassVar[str] = ""
    customer_data: ClassVar[bool] = True
    operators_filters: ClassVar[tuple[str, ...]] = ()  # filters that would name other TDSPs
    # What the list can be searched for; the first kind that the typed text can be is asked. A small table has
    # Django's `search_fields` instead.
    search_kinds: ClassVar[tuple[SearchKind, ...]] = ()
    paginator = CappedPaginator
    view_on_site = False
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER  # they count the whole list once for each choice

    def __init__(self, *args: Any) -> None:
        """Let Django show the search, with what it can be for, if there are `search_kinds`."""
        super().__init__(*args)
        if self.search_kinds:
            help_text = lazy(lambda: capfirst(list_kinds(self.search_kinds)), str)()
            vars(self).update(search_fields=[kind.name for kind in self.search_kinds], search_help_text=help_text)

    def limit_to_tdsp(self, request: HttpRequest, records: QuerySet[Any]) -> QuerySet[Any]:
        """Return the `records` of the TDSP that the user works for."""
        return records.filter(**{self.tdsp_path: tdsp_of(request)}) if self.tdsp_path else records.none()

    def leave_out_sandbox(self, records: QuerySet[Any]) -> QuerySet[Any]:
        """Return the `records` that are not of the sandbox's utility, which has no staff."""
        leads_to_tdsp = self.tdsp_path.endswith("tdsp")
        return records.exclude(**{f"{self.tdsp_path}__is_sandbox": True}) if leads_to_tdsp else records

    def log_label(self, record: Any) -> str:
        """Return how the access log names `record` beside its key, without personal data."""
        return ""

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        records = super().get_queryset(request)
        if is_operator(request):
            return self.leave_out_sandbox(records)
        return self.limit_to_tdsp(request, records) if tdsp_of(request) is not None else records.none()

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Any:
        if record := super().get_object(request, object_id, from_field):
            return record
        raise Http404

    def allows(self, request: HttpRequest, permission: str, record: Any = None) -> bool:
        in_scope = record is None or is_operator(request) or self.get_queryset(request).filter(pk=record.pk).exists()
        return in_scope and super().allows(request, permission)

    def get_inline_instances(self, request: HttpRequest, obj: Any = None) -> Any:
        """Leave out the inlines of a new record to which no row can be added."""
        inlines = super().get_inline_instances(request, obj)
        return inlines if obj else [inline for inline in inlines if inline.has_add_permission(request, obj)]

    def get_list_filter(self, request: HttpRequest) -> Any:
        filters = super().get_list_filter(request)
        return filters if is_operator(request) else [name for name in filters if name not in self.operators_filters]

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest) -> bool:
        """Allow only the list's own filters: Django allows any column, and prefixes reveal its values (X5)."""
        offered = [
            filter_ if isinstance(filter_, str) else getattr(filter_, "parameter_name", None) or filter_[0]
            for filter_ in self.get_list_filter(request)
        ]
        offered += [self.date_hierarchy] if self.date_hierarchy else []
        named = any(lookup == name or lookup.startswith(f"{name}__") for name in offered if isinstance(name, str))
        return named and super().lookup_allowed(lookup, value, request)

    def parse_search(self, typed: str) -> tuple[SearchKind, str] | None:
        """Return the first kind of search that `typed` can be, with the value to ask for."""
        parsed = ((kind, kind.parse(typed.strip())) for kind in self.search_kinds)
        return next(((kind, value) for kind, value in parsed if value is not None), None)

    def get_search_results(self, request: HttpRequest, queryset: QuerySet[Any], search_term: str) -> Any:
        """Ask one question, by what was typed; nothing is found by what can be of no kind."""
        if not self.search_kinds or not search_term.strip():
            return super().get_search_results(request, queryset, search_term)
        if (parsed := self.parse_search(search_term)) is None:
            return queryset.none(), False
        kind, value = parsed
        return kind.find(request, queryset, value), False

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        related = self.admin_site._registry.get(db_field.remote_field.model)
        if "queryset" not in kwargs and isinstance(related, ScopedAdmin):
            kwargs["queryset"] = related.get_queryset(request)
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def record_view(
        self, request: HttpRequest, action: AccessAction, record: Any = None, rows: int | None = None
    ) -> None:
        """Note on the request that its page shows `record`, or `rows` of a list (D3)."""
        if not self.customer_data:
            return
        object_id, label = ("", "") if record is None else (str(record.pk), self.log_label(record))
        label = Truncator(label).chars(LONGEST_LABEL)  # of many agreements only the first
        viewed = ViewedRecords(action, self.opts.label_lower, object_id, label, rows)
        request.viewed_records = [*getattr(request, "viewed_records", []), viewed]  # type: ignore[attr-defined]

    def record_page(
        self, request: HttpRequest, action: AccessAction, response: HttpResponseBase, name: str = "original"
    ) -> HttpResponseBase:
        """Note on the request the record that `response` shows: `name` in its template's context."""
        if isinstance(response, SimpleTemplateResponse) and (record := (response.context_data or {}).get(name)):
            self.record_view(request, action, record)
        return response

    def render_change_form(self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any) -> Any:
        """Offer one button to save."""
        context |= {"show_save_and_continue": False, "show_save_and_add_another": False}
        return super().render_change_form(request, context, *args, **kwargs)

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        title = {"title": capfirst(self.opts.verbose_name_plural)}
        response = super().changelist_view(request, title | (extra_context or {}))
        if changelist := (getattr(response, "context_data", None) or {}).get("cl"):
            if self.search_kinds and changelist.query.strip() and not self.parse_search(changelist.query):
                text = gettext("“%(typed)s” can't be %(kinds)s. Check what you typed.")
                changelist.search_problem = text % {"typed": changelist.query, "kinds": list_kinds(self.search_kinds)}
            action = AccessAction.SEARCH if changelist.query else AccessAction.LIST
            self.record_view(request, action, rows=len(changelist.result_list))
        return response

    def changeform_view(self, request: HttpRequest, object_id: str | None = None, *args: Any, **kwargs: Any) -> Any:
        response = super().changeform_view(request, object_id, *args, **kwargs)
        return self.record_page(request, AccessAction.VIEW, response) if object_id else response

    def history_view(self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None) -> Any:
        response = super().history_view(request, object_id, extra_context)
        return self.record_page(request, AccessAction.HISTORY, response, name="object")
