from django.urls import path

from permissions import api, views

urlpatterns = [
    path("orgs/<name:org>/settings/permissions/", views.org_permissions, name="org_permissions"),
    path("v2/orgs/<str:org>/settings", api.organization_settings, name="api_settings"),
    path("v2/orgs/<str:org>/settings/", api.organization_settings),
]
