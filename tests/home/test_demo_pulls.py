"""The demo's made-up pulls: enough for the pages to show something, once."""

from datetime import timedelta

import pytest
from django.utils import timezone

from audit.pull_queries import daily_series, pulls_of
from home.demo_pulls import DAYS, PULLED, load_demo_pulls
from orgs.models import Organization
from permissions.impact import foresee
from permissions.operations import Settings
from permissions.queries import policy_of

pytestmark = pytest.mark.django_db


def test_the_demo_has_pulls_to_look_at_and_has_them_once(acme: Organization) -> None:
    now, version = timezone.now(), policy_of(acme).version
    load_demo_pulls(now)
    written = pulls_of(acme.pk).count()
    assert written > 200
    assert {entry.rule for entry in pulls_of(acme.pk)} == {"not_enabled"}
    assert {entry.subject_id for entry in pulls_of(acme.pk)} == {who for who, *_ in PULLED}
    assert len(daily_series(acme.pk, (now - timedelta(days=DAYS)).date())) >= DAYS - 5

    load_demo_pulls(now)
    assert pulls_of(acme.pk).count() == written
    assert policy_of(acme).version == version
    found = foresee(acme, Settings(True, True, True).over(policy_of(acme)), now)
    assert found.pulls == written
    assert 0 < found.impact.refused < written
