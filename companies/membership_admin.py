"""The users of third parties for operators: a table on the company's page, and a page for each (D1, T12)."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db.models import F, QuerySet
from django.db.models.functions import Now
from django.http import HttpRequest, HttpResponseRedirect
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.text import capfirst
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.models import Role, User, signed_in
from companies import members, wording
from companies.models import Membership
from lib.admin_columns import short_day, two_lines
from lib.admin_search import SearchKind, by_email, find_by
from lib.scoped_admin import EDIT, NOTHING, RolePermissions, ScopedAdmin


class MembershipForm(forms.ModelForm):
    class Meta:
        help_texts = {
            "approved_at": _("In Central Time. If it's empty, the user has asked to join and has no access yet."),
            "ended_at": _("In Central Time. If it's empty, the person is still a user."),
        }

    def clean_user(self) -> User:
        user: User = self.cleaned_data["user"]
        if user.is_staff or user.role == Role.CUSTOMER:
            raise ValidationError(_("This user is a customer or staff. Create a separate user for the third party."))
        return user


class MembershipColumns:
    """What both tables show of a user."""

    @admin.display(description=_("email"))
    def email(self, membership: Membership) -> str:
        return membership.user.email

    @admin.display(description=_("role"))
    def role(self, membership: Membership) -> SafeString:
        name = gettext("Administrator") if membership.is_administrator else gettext("User")
        phrases = wording.describe_permissions(membership.permissions - {"is_administrator"})
        return two_lines(name, capfirst(", ".join(map(str, phrases))))

    @admin.display(description=_("since"))
    def since(self, membership: Membership) -> SafeString | str:
        if membership.approved_at is None:
            return gettext("Not approved yet")
        ended = membership.ended_at and format_html(gettext("Removed {}"), short_day(membership.ended_at))
        return two_lines(short_day(membership.approved_at), ended)


class MembershipInline(MembershipColumns, RolePermissions, admin.TabularInline):
    """A company's users, current ones first. Each has a page where it is changed."""

    tdsp_may = NOTHING
    model = Membership
    fields = ("name", "email", "role", "since", "change")
    readonly_fields = fields
    max_num = 0
    verbose_name = _("user of this company")
    verbose_name_plural = _("users of this company")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Membership]:
        """Leave out the company's programs: their permissions are changed by its administrators (P4)."""
        people = super().get_queryset(request).filter(user__is_person=True).select_related("user", "company")
        return people.order_by(F("ended_at").desc(nulls_first=True), "user__last_name", "user__first_name", "pk")

    @admin.display(description=_("name"))
    def name(self, membership: Membership) -> SafeString:
        user = membership.user
        address = reverse("admin:accounts_user_change", args=[user.pk])
        return format_html('<a href="{}">{}</a>', address, user.get_full_name() or user.get_username())

    @admin.display(description=_("change"))
    def change(self, membership: Membership) -> SafeString:
        address = reverse("admin:companies_membership_change", args=[membership.pk])
        return format_html('<a href="{}">{}</a>', address, gettext("Change permissions"))


@admin.register(Membership)
class MembershipAdmin(MembershipColumns, ScopedAdmin):
    operators_may = EDIT
    tdsp_may = NOTHING
    customer_data = False
    form = MembershipForm
    list_display = ["user", "email", "company", "role", "since"]
    list_select_related = ["user", "company"]
    search_kinds = (
        by_email("user__email"),
        # Of few rows: a search by words reads all names.
        SearchKind(_("a part of a company's name"), lambda typed: typed, find_by("company__legal_name__icontains")),
    )
    autocomplete_fields = ["user", "company"]
    fields = ["user", "company", *Membership.PERMISSIONS, ("approved_at", "ended_at")]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Leave out programs (P4)."""
        return super().get_queryset(request).filter(user__is_person=True)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return ("user", "company") if obj else ()

    def save_model(self, request: HttpRequest, obj: Membership, form: Any, change: bool) -> None:
        """Approve a user whom an operator adds, and record the change in the company's history."""
        before = Membership.objects.get(pk=obj.pk) if change else None
        if before is None and obj.approved_at is None:
            obj.approved_at = Now()
        super().save_model(request, obj, form, change)
        members.record_member_change(before, obj, by=signed_in(request))

    def response_post_save_add(self, request: HttpRequest, obj: Membership) -> HttpResponseRedirect:
        return HttpResponseRedirect(reverse("admin:companies_company_change", args=[obj.company_id]))

    def response_post_save_change(self, request: HttpRequest, obj: Membership) -> HttpResponseRedirect:
        return self.response_post_save_add(request, obj)
