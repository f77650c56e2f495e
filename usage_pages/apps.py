from django.apps import AppConfig


class UsagePagesConfig(AppConfig):
    name = "usage_pages"
