"""A customer's own meters and their usage: my/..."""

from django.urls import path

from reports.views import usage

urlpatterns = [
    path("my/meters/", usage.my_meters, name="my_meters"),
    path("my/usage/", usage.usage, name="usage"),
    path("my/usage/<int:pk>/", usage.usage, name="meter_usage"),
    path("my/usage/<int:pk>/usage.csv", usage.usage_csv, name="usage_csv"),
]
