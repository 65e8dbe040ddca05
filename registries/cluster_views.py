"""Kubernetes clusters that ask for an organization: connected, renewed and let go."""

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from orgs.actor import Actor, Invalid
from orgs.guards import OrganizationRequest, org_page
from orgs.models import Organization
from permissions import cluster_operations, cluster_queries
from permissions.cluster_models import ConnectedCluster
from registries.cluster_configuration import PLACEHOLDER, ways_to_ask
from registries.connections import gone_is_not_found
from registries.forms import ClusterCredentialForm, ConnectClusterForm, DisconnectClusterForm


@require_http_methods(["GET", "HEAD", "POST"])
@org_page
def clusters(request: OrganizationRequest, organization: Organization) -> HttpResponse:
    form = ConnectClusterForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        try:
            cluster, secret = cluster_operations.connect_cluster(
                Actor.of_request(request), organization, form.cleaned_data["name"]
            )
        except Invalid as error:
            form.add_error("name", str(error))
        else:
            return _page(request, organization, new=cluster, secret=secret)
    return _page(request, organization, form=form)


@require_POST
@org_page
def cluster_credential(
    request: OrganizationRequest, organization: Organization, cluster: str
) -> HttpResponse:
    found, actor = _found(organization, cluster), Actor.of_request(request)
    form = ClusterCredentialForm(request.POST)
    if not form.is_valid():
        messages.error(request, "Press one of the buttons beside the cluster.")
        return redirect("clusters", organization.name)
    wish = form.cleaned_data["wish"]
    if wish == form.END_OLD:
        ended = cluster_operations.end_old_cluster_credentials(actor, found)
        messages.success(request, f"{ended} older credentials of {cluster} are worth nothing now.")
        return redirect("clusters", organization.name)
    with gone_is_not_found():
        secret = cluster_operations.issue_cluster_credential(
            actor, found, keep_old=wish == form.ADD
        )
    return _page(request, organization, new=found, secret=secret)


@require_POST
@org_page
def disconnect_cluster(
    request: OrganizationRequest, organization: Organization, cluster: str
) -> HttpResponse:
    found = _found(organization, cluster)
    form = DisconnectClusterForm(request.POST, service=cluster)
    if not form.is_valid():
        return _page(request, organization, disconnect_form=form)
    with gone_is_not_found():
        cluster_operations.disconnect_cluster(Actor.of_request(request), found)
    messages.success(request, f"{cluster} is disconnected. Its credentials are worth nothing now.")
    return redirect("clusters", organization.name)


def _page(
    request: OrganizationRequest,
    organization: Organization,
    *,
    form: ConnectClusterForm | None = None,
    disconnect_form: DisconnectClusterForm | None = None,
    new: ConnectedCluster | None = None,
    secret: str | None = None,
) -> HttpResponse:
    listed = list(cluster_queries.connected_clusters(organization))
    forms = {cluster.name: DisconnectClusterForm(service=cluster.name) for cluster in listed}
    if disconnect_form is not None:
        forms[disconnect_form.service] = disconnect_form
    context = {
        "form": form or ConnectClusterForm(),
        "clusters": [(cluster, forms[cluster.name]) for cluster in listed],
        "mapped": cluster_queries.mapped_namespaces_of(organization),
        "new_cluster": new,
        "new_secret": secret,
        "products": ways_to_ask(settings.SITE_URL, secret or PLACEHOLDER),
        "may_copy": request.is_owner,
    }
    refused = bool((form and form.errors) or (disconnect_form and disconnect_form.errors))
    response = render(request, "registries/clusters.html", context, status=400 if refused else 200)
    if secret is not None:
        response["Cache-Control"] = "no-store"
    return response


def _found(organization: Organization, name: str) -> ConnectedCluster:
    found = cluster_queries.connected_cluster(organization, name)
    if found is None:
        raise Http404("No cluster of this name is connected for the organization.")
    return found
