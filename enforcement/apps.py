from django.apps import AppConfig
from django.urls import register_converter


class EnforcementConfig(AppConfig):
    name = "enforcement"
    verbose_name = "Enforce Sign-in"

    def ready(self) -> None:
        from enforcement.converters import ArtefactConverter

        register_converter(ArtefactConverter, "artefact")
