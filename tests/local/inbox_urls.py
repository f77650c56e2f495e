"""The portal's addresses with the inbox, as a machine with settings.MAILBOX_DIR has them."""

from django.urls import include, path

from smt_portal.urls import handler400, handler403, handler404, handler500  # noqa: F401 - Django reads them here
from smt_portal.urls import urlpatterns as portal

urlpatterns = [*portal, path("mailbox/", include("local.urls"))]
