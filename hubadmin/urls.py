"""The site's map. Each room has its own; the protocols are mounted in `registries.wsgi`."""

from allauth.account import urls as account_urls
from allauth.mfa import urls as second_factor_urls
from allauth.socialaccount import urls as connected_account_urls
from allauth.socialaccount.providers.github import urls as github_urls
from allauth.socialaccount.providers.openid_connect import urls as openid_connect_urls
from django.urls import include, path, re_path

from home.views import api_docs
from hubadmin import errors, health, metrics
from hubadmin.routes import account_pages, guarded, provider_pages
from hubadmin.schema import schema
from orgs.guards import Guard

# The rest of allauth's account pages change what our operations log, or nothing.
CHANGE_ADDRESSES = ("account_email", "account_confirm_email")

urlpatterns = [
    path("", include("home.urls")),
    path("", include("registries.urls")),
    path("", include("enforcement.urls")),
    path("", include("permissions.urls")),
    path("", include("orgs.urls")),
    # allauth checks by itself who may do what in each of its views.
    path(
        "accounts/",
        include(
            account_pages(
                page for page in account_urls.urlpatterns if page.name in CHANGE_ADDRESSES
            )
        ),
    ),
    path("accounts/", include(guarded(Guard.PACKAGE, account_urls.urlpatterns))),
    path("accounts/connected/", include(account_pages(connected_account_urls.urlpatterns))),
    path("accounts/", include(provider_pages(openid_connect_urls.urlpatterns))),
    path("accounts/", include(provider_pages(github_urls.urlpatterns))),
    path("accounts/2fa/", include(account_pages(second_factor_urls.urlpatterns))),
    path("api/schema/", schema, name="schema"),
    path("api/docs/", api_docs, name="api_docs"),
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
    path("metrics", metrics.metrics, name="metrics"),
    # Last: what no page above has.
    re_path(r"^orgs/(?:[\s\S]*/)?$", errors.no_such_page),
]

handler400 = errors.bad_request
handler403 = errors.permission_denied
handler404 = errors.not_found
handler500 = errors.server_error
