"""Users in the admin, with the role of each: the apps below know neither companies nor customers (D1)."""

from __future__ import annotations

from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from accounts.admin import UserAdmin
from accounts.models import User


@admin.register(User)
class UserWithRoleAdmin(UserAdmin):
    list_display = ["username", "email", "first_name", "last_name", "role", "is_staff", "is_active"]
    list_select_related = ["membership__company", "customer", "tdsp"]

    @admin.display(description=_("role"))
    def role(self, user: User) -> str:
        if membership := getattr(user, "membership", None):
            return str(membership.company)
        role = getattr(user, "customer", None) or user.tdsp or (_("Operator") if user.is_operator else "")
        return str(role)
