from django.apps import AppConfig


class PermissionsConfig(AppConfig):
    name = "permissions"
    verbose_name = "Image Access Management"

    def ready(self) -> None:
        from orgs.events import changed
        from permissions.versions import bump

        changed.connect(bump, dispatch_uid="permissions.versions.bump")
