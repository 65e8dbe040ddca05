"""Namespaces: what an organization owns, asks for, and lets go."""

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from orgs.actor import Actor, Invalid
from orgs.guards import OrganizationRequest, org_page, owners_only
from orgs.models import Organization
from permissions import namespace_operations, registry_queries
from permissions.namespace_forms import NamespaceForm, ReleaseForm


@require_http_methods(["GET", "HEAD", "POST"])
@org_page
def namespaces(request: OrganizationRequest, organization: Organization) -> HttpResponse:
    posted = request.POST if request.method == "POST" else None
    form = NamespaceForm(posted, organization=organization)
    if form.is_valid():
        try:
            messages.success(request, _wanted(request, organization, form))
        except Invalid as error:
            form.add_error("namespace", str(error))
        else:
            return redirect("namespaces", organization.name)
    context = {
        "form": form,
        "namespaces": registry_queries.namespaces_by_host(organization),
        "waiting": registry_queries.waiting_requests_of(organization),
        "settled": registry_queries.settled_requests_of(organization),
    }
    status = 400 if form.errors else 200
    return render(request, "permissions/namespaces.html", context, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
@owners_only
def release_namespace(
    request: OrganizationRequest, organization: Organization, number: int
) -> HttpResponse:
    namespace = registry_queries.namespace_numbered(organization, number)
    if namespace is None:
        raise Http404("The organization owns no such namespace.")
    name = str(namespace)
    form = ReleaseForm(request.POST if request.method == "POST" else None, name=name)
    if form.is_valid():
        try:
            namespace_operations.release_namespace(
                Actor.of_request(request), organization, namespace
            )
        except Invalid as error:  # released by somebody else since we looked
            raise Http404(str(error)) from error
        messages.success(request, f"{name} is released. Its images are no longer yours.")
        return redirect("namespaces", organization.name)
    context = {"form": form, "namespace": namespace}
    status = 400 if form.errors else 200
    return render(request, "permissions/release_namespace.html", context, status=status)


@require_POST
@org_page
def withdraw_namespace_request(
    request: OrganizationRequest, organization: Organization, number: int
) -> HttpResponse:
    asked = registry_queries.request_numbered(organization, number)
    if asked is None:
        raise Http404("The organization has made no such request.")
    try:
        namespace_operations.withdraw_namespace_request(
            Actor.of_request(request), organization, asked
        )
    except Invalid as error:
        messages.error(request, str(error))
    else:
        messages.success(request, f"The request for {asked} is withdrawn.")
    return redirect("namespaces", organization.name)


def _wanted(request: OrganizationRequest, organization: Organization, form: NamespaceForm) -> str:
    """Assign or ask for what the form wants, and say so. Raises `Invalid`."""
    actor, registry, path = (
        Actor.of_request(request),
        form.registry(),
        form.cleaned_data["namespace"],
    )
    if registry is not None and registry.organization_id is not None:
        namespace = namespace_operations.assign_namespace(actor, organization, path, registry)
        return f"{namespace} belongs to {organization.name} now."
    asked = namespace_operations.request_namespace(
        actor, organization, path, registry, note=form.cleaned_data["note"]
    )
    return f"Site staff have your request for {asked}. You get an e-mail when they decide."
