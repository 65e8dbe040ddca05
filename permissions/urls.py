from django.urls import path

from permissions import (
    api,
    catalog_views,
    exception_views,
    namespace_views,
    propagation_api,
    propagation_views,
    pull_views,
    rule_views,
    site_views,
    views,
)

urlpatterns = [
    path("orgs/<name:org>/settings/permissions/", views.org_permissions, name="org_permissions"),
    path(
        "orgs/<name:org>/settings/permissions/preview/",
        views.preview_permissions,
        name="preview_permissions",
    ),
    path(
        "orgs/<name:org>/settings/permissions/propagation/",
        propagation_views.propagation,
        name="propagation",
    ),
    path("catalog/", catalog_views.catalog, name="catalog"),
    path("orgs/<name:org>/settings/namespaces/", namespace_views.namespaces, name="namespaces"),
    path(
        "orgs/<name:org>/settings/namespaces/<int:number>/release/",
        namespace_views.release_namespace,
        name="release_namespace",
    ),
    path(
        "orgs/<name:org>/settings/namespaces/requests/<int:number>/withdraw/",
        namespace_views.withdraw_namespace_request,
        name="withdraw_namespace_request",
    ),
    path("orgs/<name:org>/settings/permissions/rules/", rule_views.own_rules, name="own_rules"),
    path(
        "orgs/<name:org>/settings/permissions/rules/<int:number>/end/",
        rule_views.end_rule,
        name="end_rule",
    ),
    path("site/namespaces/", site_views.site_namespaces, name="site_namespaces"),
    path(
        "site/namespaces/requests/<int:number>/",
        site_views.answer_namespace_request,
        name="answer_namespace_request",
    ),
    path(
        "site/namespaces/<int:number>/release/",
        site_views.site_release_namespace,
        name="site_release_namespace",
    ),
    path(
        "orgs/<name:org>/settings/permissions/rules/ended/",
        rule_views.ended_rules,
        name="ended_rules",
    ),
    path("orgs/<name:org>/pulls/<int:number>/", pull_views.pull, name="pull_explained"),
    path("orgs/<name:org>/settings/permissions/can-pull/", pull_views.can_pull, name="can_pull"),
    path(
        "orgs/<name:org>/settings/permissions/names/", pull_views.member_names, name="member_names"
    ),
    path(
        "orgs/<name:org>/settings/permissions/requests/",
        exception_views.exception_requests,
        name="exception_requests",
    ),
    path(
        "orgs/<name:org>/settings/permissions/requests/<int:number>/",
        exception_views.exception_request,
        name="exception_request",
    ),
    path(
        "orgs/<name:org>/settings/permissions/requests/<int:number>/allow/",
        exception_views.allow_exception,
        name="allow_exception",
    ),
    path(
        "orgs/<name:org>/settings/permissions/requests/<int:number>/decline/",
        exception_views.decline_exception,
        name="decline_exception",
    ),
    path(
        "orgs/<name:org>/settings/permissions/requests/<int:number>/withdraw/",
        exception_views.withdraw_exception,
        name="withdraw_exception",
    ),
    path("v2/orgs/<str:org>/settings", api.organization_settings, name="api_settings"),
    path("v2/orgs/<str:org>/settings/", api.organization_settings),
    path(
        "api/v1/orgs/<str:org>/propagation",
        propagation_api.organization_propagation,
        name="api_propagation",
    ),
    path("api/v1/orgs/<str:org>/propagation/", propagation_api.organization_propagation),
]
