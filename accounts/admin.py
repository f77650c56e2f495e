"""The admin of users, and of the access log (D1, D3). customers/admin.py adds the roles and registers it."""

from __future__ import annotations

import re
from typing import Any

from django.apps import apps
from django.contrib import admin, messages
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.db.models import Model, Q, QuerySet
from django.db.models.functions import Lower
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.text import capfirst
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from accounts import second_factor
from accounts.models import AccessLogEntry, User, signed_in
from lib.admin_columns import short_time, two_lines
from lib.admin_search import SearchKind, by_email
from lib.digits import bare_digits
from lib.scoped_admin import EDIT, NOTHING, AccessAction, ScopedAdmin, is_operator

MOST_RECORDS = 20  # of each list, for a search of the access log
_PERSON = re.compile(r"[\w.+-]+|[^\W\d_][^\d@]*")
NEXT = _("Create the user first. Then create the customer, or add the user to a third party.")
STAFF = _(
    "A TDSP's staff see only that TDSP's records. Staff without a TDSP are operators and see all records. "
    "Superusers create and change staff."
)


def by_person(column: str) -> SearchKind:
    """Return the search by the beginning of a User ID or of a last name; `column` leads to the user.

    Capital letters don't matter in names, and in a User ID only those that it was given.
    """

    def find(request: HttpRequest, records: Any, typed: str) -> Any:
        name = " ".join(typed.lower().split())
        is_meant = Q(username__startswith=typed) | Q(username__startswith=name) | Q(lower_name__startswith=name)
        users = User.objects.alias(lower_name=Lower("last_name")).filter(is_meant)
        return records.filter(**{f"{column}__in": users.values("pk")})

    return SearchKind(
        _("a User ID or last name, or its first characters"),
        lambda typed: typed if _PERSON.fullmatch(typed) else None,
        find,
    )


class UserAdmin(ScopedAdmin, DjangoUserAdmin):
    """Everyone who signs in. What a user may do depends on the company, the customer or the TDSP."""

    operators_may = EDIT
    tdsp_may = NOTHING
    list_display = ["username", "email", "first_name", "last_name", "is_staff", "is_active"]
    actions = ["remove_second_factor"]
    list_filter = ["is_staff", "is_superuser", "is_active", "tdsp"]
    list_select_related = ["tdsp"]
    search_kinds = (by_email("email"), by_person("pk"))
    add_fieldsets = (
        (None, {"fields": ("username", "email", "first_name", "last_name", "phone", "language"), "description": NEXT}),
        (_("Password"), {"fields": ("usable_password", "password1", "password2")}),
    )
    fieldsets = (
        (None, {"fields": ("username", "password_link")}),
        (_("Person"), {"fields": ("first_name", "last_name", "email", "phone", "phone_extension", "language")}),
        (
            _("Staff"),
            {"fields": ("is_active", "is_staff", "tdsp", "is_supervisor", "is_superuser"), "description": STAFF},
        ),
        (_("Dates"), {"fields": ("last_login", "date_joined")}),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Leave out programs, which have their own admin page (P4)."""
        return super().get_queryset(request).filter(is_person=True)

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        (title, name), *others = super().get_fieldsets(request, obj)
        if obj is not None and not self.has_change_permission(request, obj):
            name = {"fields": ("username",)}
        return [(title, name), *others]

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> tuple[str, ...]:
        readonly = ("password_link", "last_login", "date_joined")
        if getattr(request.user, "is_superuser", False):
            return readonly
        # Only a superuser may create someone with more permissions than other staff.
        return (*readonly, "is_staff", "tdsp", "is_supervisor", "is_superuser")

    @admin.display(description=_("password"))
    def password_link(self, user: User) -> str:
        """Return the link to the form for a new password, in place of Django's summary of the hash."""
        return format_html('<a href="../password/">{}</a>', gettext("Set a new password"))

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Let only superusers change other staff: a new password or email would take over the account."""
        is_other_staff = obj is not None and obj.is_staff and obj != request.user
        return super().has_change_permission(request, obj) and (
            not is_other_staff or bool(getattr(request.user, "is_superuser", False))
        )

    def user_change_password(self, request: HttpRequest, id: str, form_url: str = "") -> Any:
        return self.record_page(request, AccessAction.VIEW, super().user_change_password(request, id, form_url))

    @admin.action(description=_("Turn off two-step sign-in, after checking who is asking"), permissions=["change"])
    def remove_second_factor(self, request: HttpRequest, users: QuerySet[User]) -> None:
        """Remove the second factor of each user whom the operator may change."""
        allowed = [user for user in users if self.has_change_permission(request, user)]
        removed = [user for user in allowed if second_factor.remove_lost_factors(user, by=signed_in(request))]
        for user in removed:
            self.log_change(request, user, "Second factor removed.")
        if removed:
            text = ngettext(
                "Two-step sign-in was turned off for %d user.",
                "Two-step sign-in was turned off for %d users.",
                len(removed),
            )
            self.message_user(request, text % len(removed), messages.SUCCESS)
        if unchanged := users.count() - len(removed):
            text = ngettext(
                "%d user was not changed because two-step sign-in is already off or you don't have permission.",
                "%d users were not changed because two-step sign-in is already off or you don't have permission.",
                unchanged,
            )
            self.message_user(request, text % unchanged, messages.WARNING)


class KindOfRecordFilter(admin.SimpleListFilter):
    """Offers the kinds of records that the log can have."""

    title = _("kind of record")
    parameter_name = "model"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        logged = [each.opts for each in model_admin.admin_site._registry.values() if each.customer_data]
        return sorted((opts.label_lower, capfirst(opts.verbose_name_plural)) for opts in logged)

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(model=self.value()) if self.value() else queryset


def find_viewed(request: HttpRequest, entries: QuerySet[Any], number: str) -> QuerySet[Any]:
    """Return the entries about the records that other lists find by `number` (D3)."""
    records = Q(pk__in=[])
    for model, model_admin in admin.site._registry.items():
        assert isinstance(model_admin, ScopedAdmin)
        if model_admin.customer_data and model_admin.search_kinds:
            found, _repeats = model_admin.get_search_results(request, model_admin.get_queryset(request), number)
            keys = found.order_by().values_list("pk", flat=True)[:MOST_RECORDS]
            records |= Q(model=model._meta.label_lower, object_id__in=[str(key) for key in keys])
    return entries.filter(records)


@admin.register(AccessLogEntry)
class AccessLogEntryAdmin(ScopedAdmin):
    """Read-only. Viewing the access log is not itself logged: it contains no personal data."""

    tdsp_path = "tdsp"
    customer_data = False
    fields = ["at", "person", "tdsp", "action", "kind_of_record", "object_id", "label", "rows"]
    list_display = ["when", "who", "in_words"]
    list_filter = [KindOfRecordFilter, "action", "tdsp"]
    operators_filters = ("tdsp",)
    list_select_related = ["user", "tdsp"]
    search_kinds = (
        SearchKind(_("the number of an agreement, ESIID, or meter"), bare_digits, find_viewed),
        by_person("user"),
    )

    def allows(self, request: HttpRequest, permission: str, record: Any = None) -> bool:
        is_reader = is_operator(request) or bool(getattr(request.user, "is_supervisor", False))
        return is_reader and super().allows(request, permission, record)

    @admin.display(description=_("when"), ordering="at")
    def when(self, entry: AccessLogEntry) -> str:
        return short_time(entry.at)

    @admin.display(description=_("who"), ordering="user__username")
    def who(self, entry: AccessLogEntry) -> str:
        """Return the person, and below the User ID and for whom the person works."""
        user = entry.user
        return two_lines(user.get_full_name() or user.username, f"{user.username}, {entry.tdsp or gettext('operator')}")

    @admin.display(description=_("what they saw"))
    def in_words(self, entry: AccessLogEntry) -> str:
        return str(entry)

    @admin.display(description=_("user"))
    def person(self, entry: AccessLogEntry) -> str:
        return str(entry.user)

    @admin.display(description=_("kind of record"), ordering="model")
    def kind_of_record(self, entry: AccessLogEntry) -> Any:
        return capfirst(apps.get_model(entry.model)._meta.verbose_name)
