"""Every address of the portal."""

from django.contrib import admin
from django.urls import include, path

from smt_portal import pages

urlpatterns = [
    path("", pages.home, name="home"),
    path("health/", pages.health, name="health"),
    path("accounts/", include("allauth.account.urls")),
    path("admin/", admin.site.urls),
]

handler400 = "smt_portal.errors.bad_request"
handler403 = "smt_portal.errors.permission_denied"
handler404 = "smt_portal.errors.page_not_found"
handler500 = "smt_portal.errors.server_error"
