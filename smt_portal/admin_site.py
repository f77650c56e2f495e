"""The admin site (D1, D3): only the portal's own admin classes, and every search is logged."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from allauth.account.decorators import secure_admin_login
from django.apps import apps
from django.conf import settings
from django.contrib.admin import AdminSite
from django.contrib.admin.views.autocomplete import AutocompleteJsonView
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.urls import URLPattern, URLResolver
from django.utils.translation import gettext_lazy as _

from lib.scoped_admin import AccessAction, ScopedAdmin


class LoggedAutocomplete(AutocompleteJsonView):
    """Search for the choices of a field, and log the search (D3)."""

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context = super().get_context_data(**kwargs)
        assert isinstance(self.model_admin, ScopedAdmin)
        self.model_admin.record_view(self.request, AccessAction.SEARCH, rows=len(context["object_list"]))
        return context


class PortalAdminSite(AdminSite):
    site_header = _("Smart Meter Texas administration")
    site_title = _("Smart Meter Texas")
    index_title = _("Records and tasks")
    empty_value_display = "–"

    def register(self, model_or_iterable: Any, admin_class: Any = None, **options: Any) -> None:
        """Leave out the admin classes of packages: they know no roles, and some show links and secrets."""
        app = apps.get_containing_app_config(admin_class.__module__) if admin_class else None
        if app and Path(app.path).parent == settings.BASE_DIR:
            super().register(model_or_iterable, admin_class, **options)

    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Send people to the portal's sign-in page: the admin's own form has no second factor and no limits (X3)."""
        response: HttpResponse = secure_admin_login(super().login)(request, extra_context)
        return response

    # Django's stubs promise JSON, but a refusal is a page.
    def autocomplete_view(self, request: HttpRequest) -> HttpResponseBase:  # type: ignore[override]
        return LoggedAutocomplete.as_view(admin_site=self)(request)

    def get_urls(self) -> list[URLResolver | URLPattern]:
        """Leave out the redirect to a record's page on the site: no record has one, and it shows which keys exist."""
        return [pattern for pattern in super().get_urls() if getattr(pattern, "name", "") != "view_on_site"]
