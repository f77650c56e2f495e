"""Make PortalAdminSite the admin site of the project."""

from __future__ import annotations

from django.contrib.admin.apps import AdminConfig


class PortalAdminConfig(AdminConfig):
    default_site = "smt_portal.admin_site.PortalAdminSite"
