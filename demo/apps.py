from django.apps import AppConfig


class DemoConfig(AppConfig):
    """A made-up Texas to try the portal in. Not installed in production (docs/adr/0005-demo-data.md)."""

    name = "demo"
