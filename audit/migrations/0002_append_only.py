"""Triggers that let nobody rewrite the log, not even a bug of ours."""

from django.db import migrations

from audit.dialects import run_sql

REFUSAL = "The audit log is append-only."

CREATE = {
    "postgresql": [
        f"""
        CREATE FUNCTION audit_entry_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            RAISE EXCEPTION '{REFUSAL}' USING ERRCODE = 'restrict_violation';
        END $$
        """,
        """
        CREATE TRIGGER audit_entry_append_only BEFORE UPDATE OR DELETE ON audit_auditentry
            FOR EACH ROW EXECUTE FUNCTION audit_entry_refuse()
        """,
        """
        CREATE TRIGGER audit_entry_no_truncate BEFORE TRUNCATE ON audit_auditentry
            FOR EACH STATEMENT EXECUTE FUNCTION audit_entry_refuse()
        """,
    ],
    "sqlite": [
        f"""
        CREATE TRIGGER audit_entry_no_update BEFORE UPDATE ON audit_auditentry
            BEGIN SELECT RAISE(ABORT, '{REFUSAL}'); END
        """,
        f"""
        CREATE TRIGGER audit_entry_no_delete BEFORE DELETE ON audit_auditentry
            BEGIN SELECT RAISE(ABORT, '{REFUSAL}'); END
        """,
    ],
}
DROP = {
    "postgresql": [
        "DROP TRIGGER audit_entry_no_truncate ON audit_auditentry",
        "DROP TRIGGER audit_entry_append_only ON audit_auditentry",
        "DROP FUNCTION audit_entry_refuse()",
    ],
    "sqlite": ["DROP TRIGGER audit_entry_no_delete", "DROP TRIGGER audit_entry_no_update"],
}


class Migration(migrations.Migration):
    dependencies = [("audit", "0001_initial")]
    operations = [run_sql(CREATE, DROP)]
