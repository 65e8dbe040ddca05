"""Registries that serve the whole site, for site staff: connected, changed and let go."""

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from orgs.actor import Actor, Invalid
from orgs.guards import SignedInRequest, staff_page
from permissions import registry_operations, registry_queries
from permissions.models import ConnectedRegistry
from registries.configuration import products
from registries.connections import connection_of, gone_is_not_found
from registries.forms import ConnectSiteForm, DisconnectForm, SiteSettingsForm


@require_http_methods(["GET", "HEAD", "POST"])
@staff_page
def site_registries(request: SignedInRequest) -> HttpResponse:
    form = ConnectSiteForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        try:
            registry, secret = registry_operations.connect_site_registry(
                Actor.of_request(request), **form.wished()
            )
        except Invalid as error:
            form.add_error(None, str(error))
        else:
            return _registry_page(request, registry.service, secret=secret)
    context = {"form": form, "registries": registry_queries.site_registries()}
    status = 400 if form.errors else 200
    return render(request, "registries/site_registries.html", context, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
@staff_page
def site_registry(request: SignedInRequest, service: str) -> HttpResponse:
    if request.method != "POST":
        return _registry_page(request, service)
    _found(service)
    form = SiteSettingsForm(request.POST)
    if form.is_valid():
        try:
            registry_operations.change_site_registry(
                Actor.of_request(request), service, **form.wished()
            )
        except Invalid as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, "The registry's settings are saved, and count already.")
            return redirect("site_registry", service)
    return _registry_page(request, service, form=form)


@require_POST
@staff_page
def rotate_site_credential(request: SignedInRequest, service: str) -> HttpResponse:
    found = _found(service)
    with gone_is_not_found():
        secret = registry_operations.issue_registry_credential(Actor.of_request(request), found)
    return _registry_page(request, service, secret=secret)


@require_POST
@staff_page
def disconnect_site_registry(request: SignedInRequest, service: str) -> HttpResponse:
    _found(service)
    form = DisconnectForm(request.POST, service=service)
    if not form.is_valid():
        return _registry_page(request, service, disconnect_form=form)
    with gone_is_not_found():
        registry_operations.disconnect_site_registry(Actor.of_request(request), service)
    messages.success(request, f"{service} is disconnected. Its credential is worth nothing now.")
    return redirect("site_registries")


def _registry_page(
    request: SignedInRequest,
    service: str,
    *,
    form: SiteSettingsForm | None = None,
    disconnect_form: DisconnectForm | None = None,
    secret: str | None = None,
) -> HttpResponse:
    found = _found(service)
    context = {
        "registry": found,
        "namespaces": registry_queries.namespaces_of_all_on(found),
        "waiting": registry_queries.waiting_requests_on(found),
        "form": form or SiteSettingsForm.showing(found),
        "disconnect_form": disconnect_form or DisconnectForm(service=service),
        "products": products(connection_of(found, secret)),
        "new_secret": secret,
        "may_copy": True,
    }
    refused = bool((form and form.errors) or (disconnect_form and disconnect_form.errors))
    status = 400 if refused else 200
    response = render(request, "registries/site_registry.html", context, status=status)
    if secret is not None:
        response["Cache-Control"] = "no-store"
    return response


def _found(service: str) -> ConnectedRegistry:
    found = registry_queries.site_registry(service)
    if found is None:
        raise Http404("No registry of this name serves the whole site.")
    return found
