"""A customer's meters and their usage."""

from django.urls import path

from usage_pages import shared_data, views

urlpatterns = [
    path("my/meters/", views.my_meters, name="my_meters"),
    path("my/meters/<int:pk>/name/", views.meter_name, name="meter_name"),
    path("my/shared-data/", shared_data.shared_data, name="shared_data"),
    path("my/usage/", views.usage, name="usage"),
    path("my/usage/<int:pk>/", views.usage, name="meter_usage"),
    path("my/usage/<int:pk>/download/", views.usage_download, name="usage_download"),
]
