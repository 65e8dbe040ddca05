from django.apps import AppConfig
from django.urls import register_converter


class OrgsConfig(AppConfig):
    name = "orgs"
    verbose_name = "Organizations"

    def ready(self) -> None:
        from orgs import account_events, openapi  # noqa: F401  # register themselves
        from orgs.names import NameConverter

        register_converter(NameConverter, "name")
