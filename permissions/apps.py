from django.apps import AppConfig


class PermissionsConfig(AppConfig):
    name = "permissions"
    verbose_name = "Image Access Management"

    def ready(self) -> None:
        from prometheus_client import REGISTRY

        from orgs.events import changed
        from permissions.catalog_metrics import CatalogCollector
        from permissions.versions import bump

        changed.connect(bump, dispatch_uid="permissions.versions.bump")
        REGISTRY.register(CatalogCollector())
