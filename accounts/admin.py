"""Users and third parties for operators; customers also for the TDSP whose premises they hold (D1, T13)."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.db.models import Model
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from accounts.audit.admin import AccessLogEntryAdmin
from accounts.models import User
from accounts.second_factor_admin import SecondFactorLost
from companies.models import Membership
from lib.scoped_admin import EDIT, NOTHING, ScopedAdmin

__all__ = ["AccessLogEntryAdmin", "UserAdmin"]


@admin.register(User)
class UserAdmin(ScopedAdmin, SecondFactorLost, DjangoUserAdmin):
    """Everybody who logs in. What a person may do hangs on the company, the customer or the TDSP."""

    operators_may = EDIT
    tdsp_may = NOTHING
    list_display = ["username", "email", "first_name", "last_name", "works_for", "is_staff", "is_active"]
    list_filter = ["is_staff", "is_superuser", "is_active", "tdsp"]
    list_select_related = ["membership__company", "customer", "tdsp"]
    search_fields = ["username", "first_name", "last_name", "email"]
    search_help_text = _("User id, name or email")
    add_fieldsets = (
        (
            None,
            {
                "fields": ("username", "email", "first_name", "last_name", "phone", "language"),
                "description": _("The person first. After it, make the customer or add it to a third party."),
            },
        ),
        (_("Password"), {"fields": ("usable_password", "password1", "password2")}),
    )
    fieldsets = (
        (None, {"fields": ("username", "password")}),
        (_("Person"), {"fields": ("first_name", "last_name", "email", "phone", "phone_extension", "language")}),
        (
            _("Staff"),
            {
                "fields": ("is_active", "is_staff", "tdsp", "is_supervisor", "is_superuser"),
                "description": _(
                    "Staff of a TDSP see its records only. Staff without a TDSP are operators and see all. "
                    "Superusers make and change staff."
                ),
            },
        ),
        (_("Dates"), {"fields": ("last_login", "date_joined")}),
    )

    @admin.display(description=_("is"))
    def works_for(self, user: User) -> str:
        for name in ("membership", "customer", "tdsp"):
            if found := getattr(user, name, None):
                return str(found.company if isinstance(found, Membership) else found)
        return str(_("Operator")) if user.is_operator else ""

    def get_exclude(self, request: HttpRequest, obj: Any = None) -> Any:
        """Who may only look is shown no button for a new password."""
        return ("password",) if obj is not None and not self.has_change_permission(request, obj) else None

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        hidden = self.get_exclude(request, obj) or ()
        return [
            (title, options | {"fields": [name for name in options["fields"] if name not in hidden]})
            for title, options in super().get_fieldsets(request, obj)
        ]

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> tuple[str, ...]:
        if getattr(request.user, "is_superuser", False):
            return ("last_login", "date_joined")
        # Whoever cannot do everything must not be able to make somebody who can.
        return ("last_login", "date_joined", "is_staff", "tdsp", "is_supervisor", "is_superuser")

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Whoever cannot make staff cannot take over its accounts either, by a new password or email."""
        staff = obj is not None and obj.is_staff and obj != request.user
        return super().has_change_permission(request, obj) and (
            not staff or bool(getattr(request.user, "is_superuser", False))
        )

    def user_change_password(self, request: HttpRequest, id: str, form_url: str = "") -> Any:
        return self.record_page(request, "view", super().user_change_password(request, id, form_url))
