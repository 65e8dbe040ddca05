"""Users and organizations share one space of names, and no name is ever reissued."""

from django.db import migrations

from audit.dialects import run_sql

REFUSAL = "A name is kept for ever."

CREATE = {
    "postgresql": [
        """
        CREATE FUNCTION orgs_user_take_name() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            INSERT INTO orgs_name (name) VALUES (NEW.username);
            RETURN NEW;
        END $$
        """,
        """
        CREATE FUNCTION orgs_organization_take_name() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            INSERT INTO orgs_name (name) VALUES (NEW.name);
            RETURN NEW;
        END $$
        """,
        f"""
        CREATE FUNCTION orgs_name_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            RAISE EXCEPTION '{REFUSAL}' USING ERRCODE = 'restrict_violation';
        END $$
        """,
        """
        CREATE TRIGGER orgs_user_take_name BEFORE INSERT ON orgs_user
            FOR EACH ROW EXECUTE FUNCTION orgs_user_take_name()
        """,
        """
        CREATE TRIGGER orgs_user_keep_name BEFORE UPDATE OF username ON orgs_user
            FOR EACH ROW WHEN (OLD.username <> NEW.username) EXECUTE FUNCTION orgs_name_refuse()
        """,
        """
        CREATE TRIGGER orgs_organization_take_name BEFORE INSERT ON orgs_organization
            FOR EACH ROW EXECUTE FUNCTION orgs_organization_take_name()
        """,
        """
        CREATE TRIGGER orgs_organization_keep_name BEFORE UPDATE OF name ON orgs_organization
            FOR EACH ROW WHEN (OLD.name <> NEW.name) EXECUTE FUNCTION orgs_name_refuse()
        """,
        """
        CREATE TRIGGER orgs_name_keep BEFORE UPDATE OR DELETE ON orgs_name
            FOR EACH ROW EXECUTE FUNCTION orgs_name_refuse()
        """,
    ],
    "sqlite": [
        """
        CREATE TRIGGER orgs_user_take_name BEFORE INSERT ON orgs_user
            BEGIN INSERT INTO orgs_name (name) VALUES (NEW.username); END
        """,
        f"""
        CREATE TRIGGER orgs_user_keep_name BEFORE UPDATE OF username ON orgs_user
            WHEN OLD.username <> NEW.username
            BEGIN SELECT RAISE(ABORT, '{REFUSAL}'); END
        """,
        """
        CREATE TRIGGER orgs_organization_take_name BEFORE INSERT ON orgs_organization
            BEGIN INSERT INTO orgs_name (name) VALUES (NEW.name); END
        """,
        f"""
        CREATE TRIGGER orgs_organization_keep_name BEFORE UPDATE OF name ON orgs_organization
            WHEN OLD.name <> NEW.name
            BEGIN SELECT RAISE(ABORT, '{REFUSAL}'); END
        """,
        f"""
        CREATE TRIGGER orgs_name_no_update BEFORE UPDATE ON orgs_name
            BEGIN SELECT RAISE(ABORT, '{REFUSAL}'); END
        """,
        f"""
        CREATE TRIGGER orgs_name_no_delete BEFORE DELETE ON orgs_name
            BEGIN SELECT RAISE(ABORT, '{REFUSAL}'); END
        """,
    ],
}
DROP = {
    "postgresql": [
        "DROP TRIGGER orgs_name_keep ON orgs_name",
        "DROP TRIGGER orgs_organization_keep_name ON orgs_organization",
        "DROP TRIGGER orgs_organization_take_name ON orgs_organization",
        "DROP TRIGGER orgs_user_keep_name ON orgs_user",
        "DROP TRIGGER orgs_user_take_name ON orgs_user",
        "DROP FUNCTION orgs_name_refuse()",
        "DROP FUNCTION orgs_organization_take_name()",
        "DROP FUNCTION orgs_user_take_name()",
    ],
    "sqlite": [
        "DROP TRIGGER orgs_name_no_delete",
        "DROP TRIGGER orgs_name_no_update",
        "DROP TRIGGER orgs_organization_keep_name",
        "DROP TRIGGER orgs_organization_take_name",
        "DROP TRIGGER orgs_user_keep_name",
        "DROP TRIGGER orgs_user_take_name",
    ],
}


class Migration(migrations.Migration):
    dependencies = [("orgs", "0001_initial"), ("audit", "0001_initial")]
    operations = [run_sql(CREATE, DROP)]
