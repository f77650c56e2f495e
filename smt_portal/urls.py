"""The portal's URLs."""

from django.conf import settings
from django.contrib import admin
from django.urls import include, path

from accounts.language_switch import set_language
from agreements.views.notifications import notification_settings
from smt_portal.home import home
from smt_portal.pages import HelpPage, health

handler500 = "smt_portal.error_pages.server_error"

urlpatterns = [
    path("", home, name="home"),
    path("language/", set_language, name="set_language"),
    path("health/", health, name="health"),
    path("help/", HelpPage.as_view(template_name="help/index.html"), name="help"),
    path("help/faq/", HelpPage.as_view(template_name="help/faq.html"), name="help_faq"),
    path("help/security-and-privacy/", HelpPage.as_view(template_name="help/security.html"), name="help_security"),
    path("help/smart-meter/", HelpPage.as_view(template_name="help/meter.html"), name="help_meter"),
    path("help/glossary/", HelpPage.as_view(template_name="help/glossary.html"), name="help_glossary"),
    path("help/account/", HelpPage.as_view(template_name="help/account.html"), name="help_account"),
    path("", include("customers.urls")),
    path("third-party/", include("companies.urls")),
    path("third-party/my-profile/emails/", notification_settings, name="notification_settings"),
    path("", include("notices.urls")),
    path("", include("agreements.customer_urls")),
    path("agreements/", include("agreements.urls")),
    path("", include("reports.urls")),
    path("", include("usage_pages.urls")),
    path("", include("api.urls")),
    path("accounts/", include("allauth.account.urls")),
    path("accounts/second-factor/", include("allauth.mfa.urls")),
    path("accounts/sessions/", include("allauth.usersessions.urls")),
    path("admin/", admin.site.urls),
]

if settings.MAILBOX_DIR:
    urlpatterns.append(path("mailbox/", include("local.urls")))
