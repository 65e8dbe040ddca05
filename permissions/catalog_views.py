"""The page that lists the catalogue: official images and verified publishers."""

from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from orgs.guards import SignedInRequest, personal_page
from permissions.catalog_queries import catalog_entries, catalog_state
from permissions.forms import CatalogSearchForm

PAGE_SIZE = 50


@require_safe
@personal_page
def catalog(request: SignedInRequest) -> HttpResponse:
    form = CatalogSearchForm(request.GET)
    # What can't be searched for finds nothing.
    entries = catalog_entries(**form.wished()) if form.is_valid() else catalog_entries().none()
    context = {
        "catalog": catalog_state(),
        "form": form,
        "page": Paginator(entries, PAGE_SIZE).get_page(request.GET.get("page")),
    }
    return render(request, "permissions/catalog.html", context)
