from django.apps import AppConfig


class PermissionsConfig(AppConfig):
    name = "permissions"
    verbose_name = "Image Access Management"

    def ready(self) -> None:
        from django.db.models.signals import post_migrate, post_save
        from prometheus_client import REGISTRY

        from audit.models import AuditEntry
        from orgs.events import changed, deletion_asked, team_going
        from permissions import triggers
        from permissions.catalog_metrics import CatalogCollector
        from permissions.in_force import when_committed
        from permissions.own_rule_operations import keep_on_record, reasons_to_keep
        from permissions.propagation_metrics import LagCollector
        from permissions.snapshots.metrics import FactsCollector
        from permissions.versions import bump

        changed.connect(bump, dispatch_uid="permissions.versions.bump")
        deletion_asked.connect(reasons_to_keep, dispatch_uid="permissions.reasons_to_keep")
        team_going.connect(keep_on_record, dispatch_uid="permissions.keep_on_record")
        post_migrate.connect(triggers.install, sender=self, dispatch_uid="permissions.triggers")
        post_save.connect(when_committed, sender=AuditEntry, dispatch_uid="permissions.in_force")
        REGISTRY.register(CatalogCollector())
        REGISTRY.register(FactsCollector())
        REGISTRY.register(LagCollector())
