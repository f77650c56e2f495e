"""Addresses of development's mailbox; smt_portal.urls includes them only where settings.MAILBOX_DIR is set (E4)."""

from django.urls import path

from notifications import views

urlpatterns = [
    path("", views.mailbox, name="mailbox"),
    path("<slug:name>/", views.mailbox_message, name="mailbox_message"),
    path("<slug:name>/html/", views.mailbox_html, name="mailbox_html"),
    path("<slug:name>/attachments/<int:number>/", views.mailbox_attachment, name="mailbox_attachment"),
]
