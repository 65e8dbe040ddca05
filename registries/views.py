"""Connected registries: an organization's own, how each is set up, and whether it asks."""

from dataclasses import dataclass

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST
from limits import RateLimitItemPerMinute

from orgs.actor import Actor, Invalid
from orgs.guards import OrganizationRequest, org_page, owners_only
from orgs.models import Organization
from orgs.queries import members_of
from permissions import registry_operations, registry_queries
from permissions.authorize import authorize
from permissions.core.decision import Decision
from permissions.core.policy import SubjectKind
from permissions.facts import Asker, Claim
from permissions.models import ConnectedRegistry
from permissions.queries import facts_about
from permissions.snapshots.memory import NotYetKnown
from registries.configuration import products
from registries.connections import connection_of, gone_is_not_found
from registries.forms import ConnectForm, DisconnectForm, PullForm, SettingsForm
from registries.probe import Answered, NotReached, probe
from registries.throttle import count, exceeded

# Each may take seconds, and goes to a host that an owner chose.
PROBES = RateLimitItemPerMinute(10, namespace="registry-probes")


@dataclass(frozen=True, slots=True)
class Look:
    """What came of looking at a registry: its answer, or why there is none."""

    answered: Answered | None = None
    problem: str = ""


@require_http_methods(["GET", "HEAD", "POST"])
@org_page
def registries(request: OrganizationRequest, organization: Organization) -> HttpResponse:
    form = ConnectForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        try:
            registry, secret = registry_operations.connect_registry(
                Actor.of_request(request), organization, **form.wished()
            )
        except Invalid as error:
            form.add_error(None, str(error))
        else:
            return _registry_page(request, organization, registry.service, secret=secret)
    context = {
        "form": form,
        "registries": registry_queries.connected_registries(organization),
        "site_registries": registry_queries.site_registries(),
    }
    status = 400 if form.errors else 200
    return render(request, "registries/registries.html", context, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
@org_page
def registry(
    request: OrganizationRequest, organization: Organization, service: str
) -> HttpResponse:
    if request.method != "POST":
        return _registry_page(request, organization, service)
    _found(organization, service)
    form = SettingsForm(request.POST)
    if form.is_valid():
        try:
            registry_operations.change_registry(
                Actor.of_request(request), organization, service, **form.wished()
            )
        except Invalid as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, "The registry's settings are saved, and count already.")
            return redirect("registry", organization.name, service)
    return _registry_page(request, organization, service, form=form)


@require_POST
@org_page
def rotate_credential(
    request: OrganizationRequest, organization: Organization, service: str
) -> HttpResponse:
    found = _found(organization, service)
    with gone_is_not_found():
        secret = registry_operations.issue_registry_credential(Actor.of_request(request), found)
    return _registry_page(request, organization, service, secret=secret)


@require_POST
@org_page
def disconnect(
    request: OrganizationRequest, organization: Organization, service: str
) -> HttpResponse:
    _found(organization, service)
    form = DisconnectForm(request.POST, service=service)
    if not form.is_valid():
        return _registry_page(request, organization, service, disconnect_form=form)
    with gone_is_not_found():
        registry_operations.disconnect_registry(Actor.of_request(request), organization, service)
    messages.success(request, f"{service} is disconnected. Its credential is worth nothing now.")
    return redirect("registries", organization.name)


@require_http_methods(["GET", "HEAD", "POST"])
@owners_only
def try_registry(
    request: OrganizationRequest, organization: Organization, service: str
) -> HttpResponse:
    found = _found(organization, service)
    posted = request.POST if request.method == "POST" else None
    initial = {"member": _somebody(request, organization), "image": _example(organization, found)}
    form = PullForm(posted, host=found.host, initial=initial)
    context = {"registry": found, "form": form, "realm": connection_of(found).realm}
    if form.is_valid():
        asked = form.cleaned_data["member"], form.cleaned_data["image"]
        decision = _decision(found, *asked)
        context |= {"tried": True, "decision": decision, "look": _look(organization, found)}
    status = 400 if form.errors else 200
    return render(request, "registries/try.html", context, status=status)


def _registry_page(
    request: OrganizationRequest,
    organization: Organization,
    service: str,
    *,
    form: SettingsForm | None = None,
    disconnect_form: DisconnectForm | None = None,
    secret: str | None = None,
) -> HttpResponse:
    found = _found(organization, service)
    context = {
        "registry": found,
        "namespaces": registry_queries.namespaces_on(organization, found),
        "form": form or SettingsForm.showing(found),
        "disconnect_form": disconnect_form or DisconnectForm(service=service),
        "products": products(connection_of(found, secret)),
        "new_secret": secret,
        "may_copy": request.is_owner,
    }
    refused = bool((form and form.errors) or (disconnect_form and disconnect_form.errors))
    status = 400 if refused else 200
    response = render(request, "registries/registry.html", context, status=status)
    if secret is not None:
        response["Cache-Control"] = "no-store"
    return response


def _found(organization: Organization, service: str) -> ConnectedRegistry:
    found = registry_queries.connected_registry(organization, service)
    if found is None:
        raise Http404("No registry of this name is connected for the organization.")
    return found


def _somebody(request: OrganizationRequest, organization: Organization) -> str:
    """Somebody whom the restrictions can reach, if there is one."""
    active = members_of(organization).filter(user__is_active=True)
    restricted = active.exclude(teams__is_owners=True).first()
    return restricted.user.username if restricted else request.user.username


def _example(organization: Organization, registry: ConnectedRegistry) -> str:
    if registry.upstream:
        return f"{registry.host}/library/alpine"
    first = registry_queries.namespaces_on(organization, registry).first()
    return f"{registry.host}/{first.path if first else organization.name}/app"


def _decision(registry: ConnectedRegistry, member: str, image: str) -> Decision | None:
    """What the registry would be told; None if it can't be known. A page never tells whether
    somebody outside exists (O0)."""
    asker = Asker(facts_about(registry), may_tell_unknown=False)
    try:
        return authorize(Claim(SubjectKind.USER, member), asker, image)
    except NotYetKnown:
        return None


def _look(organization: Organization, registry: ConnectedRegistry) -> Look:
    if not settings.PROBE_REGISTRIES:
        return Look(problem="Site staff have switched looking at registries off.")
    if exceeded(PROBES, organization.name):
        return Look(problem="You have looked often in the last minute. Wait, then try again.")
    count(PROBES, organization.name)
    try:
        answered = probe(
            registry.host,
            realm=connection_of(registry).realm,
            service=registry.service,
            allow_loopback=settings.DEMO,
        )
    except NotReached as error:
        return Look(problem=str(error))
    return Look(answered)
