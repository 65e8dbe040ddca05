"""What wished-for settings would have done to the pulls of the last days; what monitoring found."""

import gc
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from itertools import product
from random import Random

import httpx
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from audit import pull_sums
from audit.models import DailyPulls
from audit.tasks import pack_pulls
from home.templatetags import pages
from orgs.actor import Actor
from orgs.member_operations import add_member, remove_members
from orgs.models import Organization
from orgs.operations import create_user, deactivate_user, set_plan
from orgs.team_operations import create_team
from permissions import impact
from permissions.authorize import authorize
from permissions.core.decision import Request, decide
from permissions.core.facts import Standing, Subject
from permissions.core.impact import reference, refusing_rule, wishing
from permissions.core.own_rules import EVERYONE, Audience
from permissions.core.policy import RESTRICTIONS, Policy, SubjectKind
from permissions.exception_operations import ask_for_exception
from permissions.facts import Asker, Claim, facts_for
from permissions.monitor_queries import monitored
from permissions.operations import Settings, change_policy
from permissions.own_rule_operations import add_own_rule
from permissions.queries import policy_of
from tests.conftest import Log, named_user, post

pytestmark = pytest.mark.django_db
STAFF = Actor.site_staff()
PAGE = "/orgs/acme/settings/permissions/"
PREVIEW = f"{PAGE}preview/"
TOOL, ALPINE, LOKI = (
    "docker.io/randomdev/tool",
    "docker.io/library/alpine",
    "docker.io/grafana/loki",
)
BLOCKED, REDIS, OWN = "docker.io/miner/pool", "docker.io/bitnami/redis", "docker.io/acme/app"
MODES = ("enforce", "monitor")
SignedIn = Callable[[str], httpx.Client]


def foreseen(organization: Organization, wished: Settings) -> impact.Foreseen:
    policy = wished.over(policy_of(organization))
    return impact.foresee(organization, policy, timezone.now())


def pull(log: Log, who: str, repository: str, times: int = 1) -> None:
    for _ in range(times):
        log(
            subject_id=who,
            repository=repository,
            image=repository,
            rule="not_enabled",
            allowed=True,
        )


@pytest.mark.parametrize("settings", list(product([True, False], repeat=2)))
def test_what_is_foreseen_is_what_happens_then(
    acme: Organization, log: Log, settings: tuple[bool, bool]
) -> None:
    create_team(STAFF, acme, "research")
    add_member(STAFF, acme, named_user("gus"), teams=["research"])
    add_own_rule(
        STAFF, acme, effect="exception", target="community", audience=Audience.team("research")
    )
    add_own_rule(STAFF, acme, effect="block", target=ALPINE, audience=Audience.user("mel"))
    people = ("olivia", "mel", "gus")
    images = (TOOL, ALPINE, LOKI, "docker.io/acme/app", "ghcr.io/acme/app")
    for who, image in product(people, images):
        pull(log, who, image)
    wished = Settings(True, *settings)
    before = foreseen(acme, wished).impact

    change_policy(STAFF, acme, wished, None)
    asker = Asker(organization="acme")
    refused = {
        (who, image)
        for who, image in product(people, images)
        if not authorize(Claim(SubjectKind.USER, who), asker, image).allowed
    }
    assert before.refused == len(refused)
    assert {
        (subject.id, one.repository) for one in before.repositories for subject in one.subjects
    } == refused
    assert {who for who, _ in refused} == {one.subject.id for one in before.subjects}


def test_only_pulls_that_this_organization_decided_lately_count(
    acme: Organization, log: Log
) -> None:
    pull(log, "mel", TOOL, 2)
    log(at=timezone.now() - timedelta(days=40))
    log(organization="globex")
    log(action="push", rule="push_denied")
    log(rule="reported", allowed=True)
    log(rule="invalid_reference", repository="")
    found = foreseen(acme, Settings(True, True, True))
    assert (found.pulls, found.impact.refused) == (2, 2)
    assert gc.isenabled()


def test_lifting_a_restriction_tells_what_would_have_gone_through(
    acme: Organization, log: Log
) -> None:
    log(subject_id="mel", repository=ALPINE, rule="official_restricted")
    log(subject_id="mel", repository=ALPINE, rule="token_scope")
    log(subject_id="mel")
    found = foreseen(acme, Settings(True, True, True)).impact
    assert (found.refused, found.refused_before, found.released) == (1, 1, 1)


def post_preview(client: httpx.Client, **fields: str) -> httpx.Response:
    client.get("/account/settings/tokens/")
    return client.post(PREVIEW, data={"csrfmiddlewaretoken": client.cookies["csrftoken"], **fields})


def test_an_owner_previews_and_nothing_is_saved(
    signed_in: SignedIn, acme: Organization, log: Log
) -> None:
    pull(log, "mel", TOOL, 3)
    pull(log, "olivia", TOOL, 5)
    olivia, before = signed_in("olivia"), Settings.of(policy_of(acme))
    page = post_preview(olivia, enabled="on", allow_official_images="on").text
    assert "<h1>Org Permissions</h1>" in page
    assert "Pulls of verified publisher and community images by members of acme will fail." in page
    assert f"<strong>{pages.number(3)} would have been refused</strong>" in page
    assert "randomdev/tool" in page
    assert "switch" in page
    assert Settings.of(policy_of(acme)) == before

    olivia.headers["HX-Request"] = "true"
    part = post_preview(olivia, enabled="on", allow_official_images="on").text
    assert "<h1>" not in part
    assert f"<strong>{pages.number(3)} would have been refused</strong>" in part
    assert 'hx-swap-oob="innerHTML"' in part


@pytest.mark.parametrize("who", ["mel", "gus"])
def test_members_learn_nothing_of_others_pulls(signed_in: SignedIn, log: Log, who: str) -> None:
    log(subject_id="zoe", repository="docker.io/zoe/secret", would_have="community_restricted")
    member = signed_in(who)
    assert post_preview(member, enabled="on").status_code == 403
    page = member.get(PAGE).text
    assert "secret" not in page
    assert "Before you save" not in page
    assert "htmx" not in page


def test_a_preview_of_nonsense_is_refused(signed_in: SignedIn) -> None:
    answer = post_preview(signed_in("olivia"), enabled="perhaps")
    assert answer.status_code == 400
    assert "A switch is either on or off." in answer.text


def test_p8_without_the_plan_there_is_nothing_to_preview(
    signed_in: SignedIn, acme: Organization
) -> None:
    set_plan(STAFF, acme, Organization.Plan.FREE)
    assert "Before you save" not in signed_in("olivia").get(PAGE).text


@pytest.mark.parametrize("packed", [False, True], ids=["counted", "packed"])
def test_queries_do_not_grow_with_what_was_pulled(
    acme: Organization,
    log: Log,
    packed: bool,
    monkeypatch: pytest.MonkeyPatch,
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    for number in range(50):
        pull(log, f"member{number}", f"{TOOL}{number}")
        log(at=timezone.now() - timedelta(days=number % 10))
    if packed:
        monkeypatch.setattr(pull_sums, "WORTH_PACKING", 1)
        assert pack_pulls() == 1
    with django_assert_max_num_queries(15):
        assert foreseen(acme, Settings(True, False, False)).pulls == 100


def with_people_and_rules(acme: Organization) -> None:
    """Members alike and told apart: by a team, by name, by owning; one left, one is inactive."""
    create_team(STAFF, acme, "research")
    add_member(STAFF, acme, named_user("gus"), teams=["research"])
    for name in ("ann", "left", "inactive"):
        person = create_user(STAFF, username=name, email=f"{name}@example.com", password=None)
        add_member(STAFF, acme, person)
    remove_members(STAFF, acme, ["left"])
    deactivate_user(STAFF, named_user("inactive"))
    for effect, target, audience in (
        ("exception", "community", Audience.team("research")),
        ("exception", TOOL, Audience.user("mel")),
        ("exception", LOKI, EVERYONE),
        ("block", ALPINE, Audience.user("ann")),
        ("block", "docker.io/bitnami/*", Audience.team("research")),
        ("block", BLOCKED, EVERYONE),
    ):
        add_own_rule(STAFF, acme, effect=effect, target=target, audience=audience)


def random_counts(acme: Organization, random: Random) -> list[DailyPulls]:
    users = ("olivia", "mel", "gus", "ann", "left", "inactive", "nobody")
    subjects = [
        *(("user", name) for name in users),
        ("token", "oat_1"),
        ("token", "mel"),
        ("cluster", "prod/web"),
    ]
    rules = ("community_restricted", "official_restricted", "token_scope", "not_enabled", "blocked")
    counts = []
    for _ in range(300):
        kind, name = random.choice(subjects)
        allowed = random.random() < 0.5
        counts.append(
            DailyPulls(
                organization_id=acme.pk,
                date=timezone.now().date() - timedelta(days=random.randrange(40)),
                subject_kind=kind,
                subject_id=name,
                action=random.choice(("pull", "pull", "pull", "push")),
                repository=random.choice((TOOL, ALPINE, LOKI, BLOCKED, REDIS, OWN, "ghcr.io/x/y")),
                rule="reported" if allowed and random.random() < 0.1 else random.choice(rules),
                would_have=random.choice(("", "blocked")) if allowed else "",
                allowed=allowed,
                count=random.randrange(1, 9),
            )
        )
    return counts


@pytest.mark.parametrize("packed", [False, True], ids=["counted", "packed"])
@pytest.mark.parametrize("wished", list(product([True, False], [True, False], MODES)))
def test_it_is_what_deciding_each_count_by_itself_gives(
    acme: Organization,
    wished: tuple[bool, bool, str],
    packed: bool,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with_people_and_rules(acme)
    # Counts that are alike but for their category or date are of one kind: all are added up.
    DailyPulls.objects.bulk_create(random_counts(acme, Random(str(wished))), ignore_conflicts=True)
    if packed:
        monkeypatch.setattr(pull_sums, "WORTH_PACKING", 1)
        assert pack_pulls() == 1
    policy = Settings(True, *wished).over(policy_of(acme))
    found = impact.foresee(acme, policy, timezone.now())

    tally: Counter[str] = Counter()
    by_repository: Counter[str] = Counter()
    by_subject: Counter[tuple[str, str]] = Counter()
    pairs = set()
    since = timezone.now().date() - timedelta(days=30)
    for row in DailyPulls.objects.filter(action="pull", date__gte=since).exclude(rule="reported"):
        tally["pulls"] += row.count
        before = row.count if not row.allowed and row.rule in RESTRICTIONS else 0
        if is_refused(acme, policy, row):
            tally["refused"] += row.count
            tally["before"] += before
            by_repository[row.repository] += row.count
            by_subject[row.subject_kind, row.subject_id] += row.count
            pairs.add((row.repository, row.subject_kind, row.subject_id))
        else:
            tally["released"] += before
    then = found.impact
    assert found.pulls == tally["pulls"]
    assert then.refused == tally["refused"]
    assert then.refused_before == tally["before"]
    assert then.released == tally["released"]
    assert [(one.repository, one.pulls) for one in then.repositories] == sorted(
        by_repository.items(), key=lambda item: (-item[1], item[0])
    )
    assert [((one.subject.kind, one.subject.id), one.pulls) for one in then.subjects] == sorted(
        by_subject.items(), key=lambda item: (-item[1], item[0])
    )
    for repository in then.repositories:
        assert {(repository.repository, one.kind, one.id) for one in repository.subjects} == {
            pair for pair in pairs if pair[0] == repository.repository
        }
    assert sum(one.repository_count for one in then.subjects) == len(pairs)


def is_refused(organization: Organization, wished: Policy, row: DailyPulls) -> bool:
    """Decided by the rules alone, for whoever it was and nobody else."""
    kind, image = SubjectKind(row.subject_kind), reference(row.repository)
    asker = Asker(organization=organization.name, may_tell_unknown=False)
    claim = Claim(SubjectKind.USER, row.subject_id)
    now = timezone.now()
    facts = wishing(facts_for(claim, asker, image, ["pull"], now), organization.name, wished)
    if kind is not SubjectKind.USER:
        standing = {organization.name: Standing(is_owner=False, can_push=False)}
        facts = replace(facts, subject=Subject(kind, row.subject_id, True, standing))
    return refusing_rule(decide(facts, Request(image), now)) is not None


def test_the_page_asks_no_more_queries_when_there_is_more_to_show(
    signed_in: SignedIn, acme: Organization, log: Log
) -> None:
    change_policy(STAFF, acme, Settings(True, True, True, "monitor"), None)
    olivia = signed_in("olivia")
    olivia.get(PAGE)
    with CaptureQueriesContext(connection) as few:
        assert olivia.get(PAGE).status_code == 200
    for number in range(30):
        person = create_user(
            STAFF, username=f"p{number}", email=f"p{number}@example.com", password=None
        )
        add_member(STAFF, acme, person)
        add_own_rule(STAFF, acme, effect="block", target=f"a/b{number}")
        log(repository=f"{TOOL}{number}", would_have="community_restricted", allowed=True)
        ask_for_exception(Actor(person.username, None, person), acme, f"{TOOL}{number}")
    for page in (PAGE, f"{PAGE}rules/", f"{PAGE}requests/"):
        with CaptureQueriesContext(connection) as many:
            assert olivia.get(page).status_code == 200
        assert len(many) <= len(few), page


def test_monitoring_shows_what_it_found_and_the_way_to_enforce(
    signed_in: SignedIn, acme: Organization, log: Log
) -> None:
    change_policy(STAFF, acme, Settings(True, True, False, "monitor"), None)
    monitoring = {"rule": "monitored", "would_have": "community_restricted", "allowed": True}
    now = timezone.now()
    for days in (0, 0, 3, 40):
        log(at=now - timedelta(days=days), **monitoring)
    log(subject_id="gus", **monitoring)
    log(rule="official_allowed", allowed=True)
    found = monitored(acme, now.date())
    assert (found.pulls, found.subject_count, found.repository_count) == (4, 2, 1)
    assert [(day.date, day.pulls, day.height) for day in found.days if day.pulls] == [
        (now.date() - timedelta(days=3), 1, 33),
        (now.date(), 3, 100),
    ]

    olivia = signed_in("olivia")
    page = olivia.get(PAGE).text
    assert f"{pages.number(4)} pulls of the last 30 days would have been refused" in page
    assert "What monitoring found" not in signed_in("mel").get(PAGE).text

    form = dict(hidden_fields(page.partition("What monitoring found")[2]))
    assert olivia.post(PAGE, data=form).is_redirect
    assert Settings.of(policy_of(acme)) == Settings(True, True, False, "enforce")
    assert "What monitoring found" not in olivia.get(PAGE).text


def hidden_fields(html: str) -> list[tuple[str, str]]:
    """The hidden inputs of the first form in a piece of a page."""
    form = html.partition("<form")[2].partition("</form>")[0]
    pieces = form.split('<input type="hidden" name="')[1:]
    return [
        (piece.partition('"')[0], piece.split('value="')[1].partition('"')[0]) for piece in pieces
    ]


def test_enforcing_from_an_old_page_asks_again(signed_in: SignedIn, acme: Organization) -> None:
    change_policy(STAFF, acme, Settings(True, True, True, "monitor"), None)
    olivia = signed_in("olivia")
    form = dict(hidden_fields(olivia.get(PAGE).text.partition("What monitoring found")[2]))
    change_policy(STAFF, acme, Settings(True, False, True, "monitor"), None)
    answer = olivia.post(PAGE, data=form)
    assert answer.status_code == 409
    assert "changed these settings after you opened this page" in answer.text
    assert policy_of(acme).mode == "monitor"


def test_a_page_can_be_drawn_whatever_was_counted(
    signed_in: SignedIn, acme: Organization, log: Log
) -> None:
    log(subject_kind="token", subject_id="oat_1", repository="depot/app", image="depot:443/app")
    log(subject_kind="cluster", subject_id="prod/web", repository="docker.io/a/<b>")
    assert DailyPulls.objects.count() == 2
    page = post_preview(signed_in("olivia"), enabled="on")
    assert page.status_code == 200
    assert "<b>" not in page.text
    assert "prod/web" not in page.text  # what is no repository's name is refused as that
    assert "oat_1" in page.text
    assert post(signed_in("olivia"), PAGE, enabled="on").is_redirect
