"""The portal's addresses with the inbox, as a machine with settings.MAILBOX_DIR has them."""

from django.urls import include, path

from smt_portal.urls import urlpatterns as portal

urlpatterns = [*portal, path("mailbox/", include("local.urls"))]
