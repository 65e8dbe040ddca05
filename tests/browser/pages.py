"""Every page, and whose eyes see it."""

PUBLIC = (
    "/",
    "/accounts/confirm-email/",
    "/accounts/confirm-email/an-old-link/",
    "/accounts/inactive/",
    "/accounts/login/",
    "/accounts/password/reset/",
    "/accounts/password/reset/done/",
    "/accounts/password/reset/key/1-an-old-link/",
    "/accounts/password/reset/key/done/",
    "/accounts/signup/",
    "/api/docs/",
)
NOT_FOUND = "/orgs/nowhere/"
ORGANIZATION = (
    "/",
    "/orgs/acme/",
    "/orgs/acme/activity/",
    "/orgs/acme/activity/pulls/",
    "/orgs/acme/members/",
    "/orgs/acme/settings/",
    "/orgs/acme/settings/enforce-sign-in/",
    "/orgs/acme/settings/namespaces/",
    "/orgs/acme/settings/registries/",
    "/orgs/acme/settings/registries/acme/",
    "/orgs/acme/settings/permissions/",
    "/orgs/acme/settings/permissions/rules/",
    "/orgs/acme/teams/",
    "/orgs/acme/teams/builders/",
    "/orgs/acme/teams/owners/",
    NOT_FOUND,
)
ACCOUNT = (
    "/account/settings/tokens/",
    "/accounts/email/",
    "/accounts/logout/",
    "/accounts/password/change/",
    "/accounts/reauthenticate/",
    "/api/docs/",
    "/catalog/",
)
PAGES = {
    "": PUBLIC,
    "olivia": (
        *ORGANIZATION,
        "/orgs/acme/settings/access-tokens/",
        "/orgs/acme/settings/namespaces/1/release/",
        "/orgs/acme/settings/registries/acme/try/",
        "/orgs/acme/teams/builders/delete/",
        "/orgs/acme/teams/builders/settings/",
        *ACCOUNT,
    ),
    "mel": ORGANIZATION + ACCOUNT,
    "nina": ("/",),
    "sam": (
        "/site/namespaces/",
        "/site/namespaces/requests/1/",
        "/site/namespaces/1/release/",
        "/site/registries/",
        "/site/registries/hub/",
    ),
    # On a plan without Image Access Management and Enforce Sign-in.
    "ivan": (
        "/orgs/initech/",
        "/orgs/initech/settings/permissions/",
        "/orgs/initech/settings/enforce-sign-in/",
    ),
}
# Routes that answer with a file, with JSON, or by sending elsewhere.
NO_PAGES = {
    "account/settings/registry-sign-ins/<slug:public_id>/end/",
    "account/settings/tokens/<slug:public_id>/revoke/",
    "accounts/login/code/confirm/",
    "accounts/password/set/",
    "api/schema/",
    "healthz",
    "metrics",
    "orgs/<name:org>/settings/enforce-sign-in/<artefact:artefact_name>",
    "orgs/<name:org>/settings/access-tokens/<slug:public_id>/revoke/",
    "orgs/<name:org>/settings/permissions/rules/<int:number>/end/",
    "orgs/<name:org>/settings/namespaces/requests/<int:number>/withdraw/",
    "orgs/<name:org>/settings/registries/<name:service>/credential/",
    "orgs/<name:org>/settings/registries/<name:service>/disconnect/",
    "orgs/<name:org>/teams/<name:team>/leave/",
    "readyz",
    "site/registries/<name:service>/credential/",
    "site/registries/<name:service>/disconnect/",
    "v2/orgs/<str:org>/settings",
    "v2/orgs/<str:org>/settings/",
    r"^orgs/(?:[\s\S]*/)?$",
}
