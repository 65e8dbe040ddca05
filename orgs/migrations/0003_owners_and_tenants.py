"""What only PostgreSQL can hold: an owner in every organization, and one organization per row.

The operations check the same, with sentences for people. This is the net under them, so that a
bug can't leave an organization without an owner, or a member in another organization's team.
"""

from django.db import migrations

from audit.dialects import run_sql

REQUIRE_OWNER = """
CREATE FUNCTION orgs_require_owner(organization bigint) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    -- Two owners who remove each other meet here, the second to see what the first has done.
    PERFORM 1 FROM orgs_organization WHERE id = organization FOR UPDATE;
    IF FOUND AND NOT EXISTS (
        SELECT 1 FROM orgs_teammembership
        JOIN orgs_team ON orgs_team.id = orgs_teammembership.team_id
        JOIN orgs_membership ON orgs_membership.id = orgs_teammembership.membership_id
        JOIN orgs_user ON orgs_user.id = orgs_membership.user_id
        WHERE orgs_team.organization_id = organization
            AND orgs_team.is_owners AND orgs_user.is_active
    ) THEN
        RAISE EXCEPTION 'Organization % would have no active owner.', organization
            USING ERRCODE = 'check_violation';
    END IF;
END $$
"""

CREATE = {
    "postgresql": [
        "ALTER TABLE orgs_team ADD CONSTRAINT orgs_team_tenant UNIQUE (id, organization_id)",
        (
            "ALTER TABLE orgs_membership ADD CONSTRAINT orgs_membership_tenant "
            "UNIQUE (id, organization_id)"
        ),
        (
            "ALTER TABLE orgs_teammembership ADD CONSTRAINT orgs_team_membership_team_tenant "
            "FOREIGN KEY (team_id, organization_id) REFERENCES orgs_team (id, organization_id) "
            "DEFERRABLE INITIALLY DEFERRED"
        ),
        (
            "ALTER TABLE orgs_teammembership ADD CONSTRAINT orgs_team_membership_member_tenant "
            "FOREIGN KEY (membership_id, organization_id) "
            "REFERENCES orgs_membership (id, organization_id) DEFERRABLE INITIALLY DEFERRED"
        ),
        REQUIRE_OWNER,
        """
        CREATE FUNCTION orgs_owner_left() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            PERFORM orgs_require_owner(OLD.organization_id);
            RETURN NULL;
        END $$
        """,
        """
        CREATE FUNCTION orgs_owner_deactivated() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            PERFORM orgs_require_owner(organization_id)
                FROM orgs_membership WHERE user_id = NEW.id ORDER BY organization_id;
            RETURN NULL;
        END $$
        """,
        """
        CREATE FUNCTION orgs_organization_created() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            PERFORM orgs_require_owner(NEW.id);
            RETURN NULL;
        END $$
        """,
        """
        CREATE CONSTRAINT TRIGGER orgs_owner_left AFTER UPDATE OR DELETE ON orgs_teammembership
            DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION orgs_owner_left()
        """,
        """
        CREATE CONSTRAINT TRIGGER orgs_owner_deactivated AFTER UPDATE OF is_active ON orgs_user
            DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (OLD.is_active AND NOT NEW.is_active)
            EXECUTE FUNCTION orgs_owner_deactivated()
        """,
        """
        CREATE CONSTRAINT TRIGGER orgs_organization_created AFTER INSERT ON orgs_organization
            DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION orgs_organization_created()
        """,
    ],
}
DROP = {
    "postgresql": [
        "DROP TRIGGER orgs_organization_created ON orgs_organization",
        "DROP TRIGGER orgs_owner_deactivated ON orgs_user",
        "DROP TRIGGER orgs_owner_left ON orgs_teammembership",
        "DROP FUNCTION orgs_organization_created()",
        "DROP FUNCTION orgs_owner_deactivated()",
        "DROP FUNCTION orgs_owner_left()",
        "DROP FUNCTION orgs_require_owner(bigint)",
        "ALTER TABLE orgs_teammembership DROP CONSTRAINT orgs_team_membership_member_tenant",
        "ALTER TABLE orgs_teammembership DROP CONSTRAINT orgs_team_membership_team_tenant",
        "ALTER TABLE orgs_membership DROP CONSTRAINT orgs_membership_tenant",
        "ALTER TABLE orgs_team DROP CONSTRAINT orgs_team_tenant",
    ],
}


class Migration(migrations.Migration):
    dependencies = [("orgs", "0002_names")]
    operations = [run_sql(CREATE, DROP)]
