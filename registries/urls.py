from django.urls import path

from registries import views

PAGE = "orgs/<name:org>/settings/registries/"

urlpatterns = [
    path(PAGE, views.registries, name="registries"),
    path(f"{PAGE}<name:service>/", views.registry, name="registry"),
    path(f"{PAGE}<name:service>/credential/", views.rotate_credential, name="rotate_credential"),
    path(f"{PAGE}<name:service>/disconnect/", views.disconnect, name="disconnect_registry"),
    path(f"{PAGE}<name:service>/try/", views.try_registry, name="try_registry"),
]
