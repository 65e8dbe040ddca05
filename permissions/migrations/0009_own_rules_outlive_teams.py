"""A rule is never deleted with its team; past ones keep the team's name."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("orgs", "0005_email_lower_case"),
        ("permissions", "0008_starter_catalog"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name="ownrule",
            name="permissions_own_rule_community_not_for_everyone",
        ),
        migrations.AddField(
            model_name="ownrule",
            name="former_team",
            field=models.CharField(blank=True, max_length=30),
        ),
        migrations.AlterField(
            model_name="ownrule",
            name="team",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.RESTRICT,
                related_name="own_rules",
                to="orgs.team",
            ),
        ),
        migrations.AddConstraint(
            model_name="ownrule",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("effect", "exception"),
                    ("former_team", ""),
                    ("target", "community"),
                    ("team", None),
                    ("user", None),
                    _negated=True,
                ),
                name="permissions_own_rule_community_not_for_everyone",
            ),
        ),
        migrations.AddConstraint(
            model_name="ownrule",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("former_team", ""),
                    models.Q(("ended_at__isnull", False), ("team", None), ("user", None)),
                    _connector="OR",
                ),
                name="permissions_own_rule_past_without_its_team",
            ),
        ),
    ]
