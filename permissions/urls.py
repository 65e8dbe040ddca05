from django.urls import path

from permissions import api, catalog_views, namespace_views, rule_views, site_views, views

urlpatterns = [
    path("orgs/<name:org>/settings/permissions/", views.org_permissions, name="org_permissions"),
    path(
        "orgs/<name:org>/settings/permissions/preview/",
        views.preview_permissions,
        name="preview_permissions",
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
    path("v2/orgs/<str:org>/settings", api.organization_settings, name="api_settings"),
    path("v2/orgs/<str:org>/settings/", api.organization_settings),
]
