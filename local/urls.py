"""URLs of development's inbox, which smt_portal.urls includes only if settings.MAILBOX_DIR is set (E4)."""

from django.urls import path

from local import views

urlpatterns = [
    path("", views.inbox, name="inbox"),
    path("<slug:name>/", views.inbox_message, name="inbox_message"),
    path("<slug:name>/html/", views.inbox_html, name="inbox_html"),
    path("<slug:name>/attachments/<int:number>/", views.inbox_attachment, name="inbox_attachment"),
]
