"""Site staff's side of namespaces: what is asked for, and who owns what (C9)."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from orgs.actor import Actor, Invalid
from orgs.guards import SignedInRequest, staff_page
from permissions import namespace_operations, registry_queries
from permissions.models import NamespaceRequest
from permissions.namespace_forms import ReleaseForm
from permissions.site_forms import AnswerForm, AssignForm, SearchForm

PAGE_SIZE = 50


@require_http_methods(["GET", "HEAD", "POST"])
@staff_page
def site_namespaces(request: SignedInRequest) -> HttpResponse:
    form = AssignForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        organization = form.cleaned_data["organization"]
        try:
            namespace = namespace_operations.assign_namespace(
                Actor.of_request(request),
                organization,
                form.cleaned_data["namespace"],
                form.registry(),
            )
        except Invalid as error:
            form.add_error("namespace", str(error))
        else:
            messages.success(request, f"{namespace} belongs to {organization.name} now.")
            return redirect("site_namespaces")
    search = SearchForm(request.GET)
    wanted = search.cleaned_data["search"] if search.is_valid() else ""
    owned = Paginator(registry_queries.shared_namespaces(wanted), PAGE_SIZE)
    context = {
        "form": form,
        "search": search,
        "waiting": registry_queries.waiting_requests(),
        "page": owned.get_page(request.GET.get("page")),
    }
    status = 400 if form.errors or search.errors else 200
    return render(request, "permissions/site_namespaces.html", context, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
@staff_page
def answer_namespace_request(request: SignedInRequest, number: int) -> HttpResponse:
    asked = registry_queries.any_request_numbered(number)
    if asked is None:
        raise Http404("No request has this number.")
    form = AnswerForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        try:
            messages.success(request, _answered(request, asked, form))
        except Invalid as error:
            form.add_error(None, str(error))
        else:
            return redirect("site_namespaces")
    status = 400 if form.errors else 200
    context = {"form": form, "asked": asked}
    return render(request, "permissions/site_namespace_request.html", context, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
@staff_page
def site_release_namespace(request: SignedInRequest, number: int) -> HttpResponse:
    namespace = registry_queries.shared_namespace_numbered(number)
    if namespace is None:
        raise Http404("No namespace that site staff assign has this number.")
    name, owner = str(namespace), namespace.organization
    form = ReleaseForm(request.POST if request.method == "POST" else None, name=name)
    if form.is_valid():
        try:
            namespace_operations.release_namespace(Actor.of_request(request), owner, namespace)
        except Invalid as error:  # released by somebody else since we looked
            raise Http404(str(error)) from error
        messages.success(request, f"{name} is released. It can be assigned again.")
        return redirect("site_namespaces")
    status = 400 if form.errors else 200
    context = {"form": form, "namespace": namespace}
    return render(request, "permissions/site_release_namespace.html", context, status=status)


def _answered(request: SignedInRequest, asked: NamespaceRequest, form: AnswerForm) -> str:
    """Do what the form answers, and say so. Raises `Invalid`."""
    actor, organization = Actor.of_request(request), asked.organization
    if form.cleaned_data["answer"] == AnswerForm.APPROVE:
        namespace = namespace_operations.approve_namespace(actor, organization, asked)
        return f"{namespace} belongs to {organization.name} now. Its owners get an e-mail."
    reason = form.cleaned_data["reason"]
    namespace_operations.decline_namespace(actor, organization, asked, reason)
    return f"{organization.name} does not get {asked}. Its owners get an e-mail with your reason."
