"""The admin's one door (D1, D3): only records that a room of the portal shows on purpose, and no look unseen."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from allauth.account.decorators import secure_admin_login
from django.apps import apps
from django.conf import settings
from django.contrib.admin import AdminSite, ModelAdmin
from django.contrib.admin.views.autocomplete import AutocompleteJsonView
from django.db.models import Model
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.urls import URLPattern, URLResolver
from django.utils.translation import gettext_lazy as _

from lib.scoped_admin import ScopedAdmin


class LoggedAutocomplete(AutocompleteJsonView):
    """Search for the choices of a field, and log the search (D3)."""

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context = super().get_context_data(**kwargs)
        assert isinstance(self.model_admin, ScopedAdmin)
        self.model_admin.record_view(self.request, "search", rows=len(context["object_list"]))
        return context


class PortalAdminSite(AdminSite):
    site_header = _("Smart Meter Texas administration")
    site_title = _("Smart Meter Texas")
    index_title = _("Records and tasks")
    empty_value_display = "–"

    def register(
        self, model_or_iterable: type[Model] | Iterable[type[Model]], admin_class: Any = None, **options: Any
    ) -> None:
        """Leave out the pages that packages bring along: they know no role, and some show links and secrets."""
        if admin_class and _is_own_admin(admin_class):
            super().register(model_or_iterable, admin_class, **options)

    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """By the portal's one door: the admin's own form would know neither the second factor nor the limits (X3)."""
        by_the_door: HttpResponse = secure_admin_login(super().login)(request, extra_context)
        return by_the_door

    # Django's stubs promise JSON; a refusal is none.
    def autocomplete_view(self, request: HttpRequest) -> HttpResponseBase:  # type: ignore[override]
        return LoggedAutocomplete.as_view(admin_site=self)(request)

    def get_urls(self) -> list[URLResolver | URLPattern]:
        """Without the redirect to a record's page on the site: it tells which keys exist, and no record has one."""
        return [pattern for pattern in super().get_urls() if getattr(pattern, "name", "") != "view_on_site"]


def _is_own_admin(admin_class: type[ModelAdmin[Any]]) -> bool:
    """Whether the class is written in one of the portal's own rooms."""
    room = apps.get_containing_app_config(admin_class.__module__)
    return room is not None and Path(room.path).parent == settings.BASE_DIR
