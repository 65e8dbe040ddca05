from django.urls import path

from registries import cluster_views, site_views, views

PAGE = "orgs/<name:org>/settings/registries/"
CLUSTERS = "orgs/<name:org>/settings/clusters/"
OF_THE_SITE = "site/registries/"

urlpatterns = [
    path(PAGE, views.registries, name="registries"),
    path(f"{PAGE}<name:service>/", views.registry, name="registry"),
    path(f"{PAGE}<name:service>/credential/", views.rotate_credential, name="rotate_credential"),
    path(f"{PAGE}<name:service>/disconnect/", views.disconnect, name="disconnect_registry"),
    path(f"{PAGE}<name:service>/try/", views.try_registry, name="try_registry"),
    path(CLUSTERS, cluster_views.clusters, name="clusters"),
    path(
        f"{CLUSTERS}<name:cluster>/credential/",
        cluster_views.cluster_credential,
        name="cluster_credential",
    ),
    path(
        f"{CLUSTERS}<name:cluster>/disconnect/",
        cluster_views.disconnect_cluster,
        name="disconnect_cluster",
    ),
    path(OF_THE_SITE, site_views.site_registries, name="site_registries"),
    path(f"{OF_THE_SITE}<name:service>/", site_views.site_registry, name="site_registry"),
    path(
        f"{OF_THE_SITE}<name:service>/credential/",
        site_views.rotate_site_credential,
        name="rotate_site_credential",
    ),
    path(
        f"{OF_THE_SITE}<name:service>/disconnect/",
        site_views.disconnect_site_registry,
        name="disconnect_site_registry",
    ),
]
