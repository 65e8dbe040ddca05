from django.urls import path

from home import activity_views, views

urlpatterns = [
    path("", views.home, name="home"),
    path("docs/", views.documentation, name="documentation"),
    path("docs/<path:name>/", views.documentation, name="document"),
    path("orgs/<name:org>/", views.overview, name="overview"),
    path(
        "orgs/<name:org>/checklist/put-away/",
        views.put_checklist_away,
        name="put_checklist_away",
    ),
    path("orgs/<name:org>/activity/", activity_views.activity, name="activity"),
    path("orgs/<name:org>/activity/<int:number>/", activity_views.change, name="activity_entry"),
    path("orgs/<name:org>/activity/pulls/", activity_views.pulls, name="pulls"),
    *(
        path(f"orgs/<name:org>/activity/{what}.{kind}", view, {"kind": kind}, name=f"{what}_{kind}")
        for what, view in (
            ("changes", activity_views.changes_file),
            ("pulls", activity_views.pulls_file),
        )
        for kind in ("csv", "json")
    ),
]
