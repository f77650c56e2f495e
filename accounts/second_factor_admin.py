"""In the admin: remove a lost second factor, after making sure who is asking (X3)."""

from __future__ import annotations

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from accounts import second_factor
from accounts.models import User, signed_in


class RemovesSecondFactor(admin.ModelAdmin):
    """Mixin for the admin of users."""

    actions = ["remove_second_factor"]

    @admin.action(description=_("Remove a lost second factor, after making sure who asks"), permissions=["change"])
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
                "%d user was not changed: it has no second factor, or you may not change it.",
                "%d users were not changed: they have no second factor, or you may not change them.",
                unchanged,
            )
            self.message_user(request, text % unchanged, messages.WARNING)
