"""The admin as this portal has it."""

from __future__ import annotations

from django.contrib.admin.apps import AdminConfig


class PortalAdminConfig(AdminConfig):
    default_site = "smt_portal.admin_site.PortalAdminSite"
