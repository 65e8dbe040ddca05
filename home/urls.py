from django.urls import path

from home import views

urlpatterns = [
    path("", views.home, name="home"),
    path("orgs/<name:org>/", views.overview, name="overview"),
    path("orgs/<name:org>/activity/", views.activity, name="activity"),
    path("orgs/<name:org>/activity/pulls/", views.pulls, name="pulls"),
]
