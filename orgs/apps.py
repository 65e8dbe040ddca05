from django.apps import AppConfig
from django.urls import register_converter


class OrgsConfig(AppConfig):
    name = "orgs"
    verbose_name = "Organizations"

    def ready(self) -> None:
        from orgs.names import NameConverter

        register_converter(NameConverter, "name")
