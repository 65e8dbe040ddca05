from django.urls import path

from enforcement import check_views, views

PAGE = "orgs/<name:org>/settings/enforce-sign-in/"

urlpatterns = [
    path(PAGE, views.enforce_sign_in, name="enforce_sign_in"),
    path(f"{PAGE}check/", check_views.check_file, name="check_file"),
    path(f"{PAGE}<artefact:artefact_name>", views.artefact, name="artefact"),
]
