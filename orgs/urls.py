from django.urls import path

from orgs import (
    account_views,
    invitation_views,
    member_views,
    organization_token_views,
    organization_views,
    received_views,
    team_views,
    views,
)

urlpatterns = [
    path("orgs/<name:org>/members/", member_views.members, name="members"),
    # Beside the members' own pages, as somebody may be called whatever we would call these.
    path("orgs/<name:org>/members.csv", member_views.export_members, name="export_members"),
    path("orgs/<name:org>/remove-members/", member_views.remove_members, name="remove_members"),
    path("orgs/<name:org>/leave/", member_views.leave, name="leave"),
    path("orgs/<name:org>/members/<name:username>/", member_views.member, name="member"),
    path("orgs/<name:org>/invitations/", invitation_views.invitations, name="invitations"),
    path("orgs/<name:org>/invitations/new/", invitation_views.invite, name="invite"),
    path(
        "orgs/<name:org>/invitations/<slug:public_id>/resend/",
        invitation_views.resend_invitation,
        name="resend_invitation",
    ),
    path(
        "orgs/<name:org>/invitations/<slug:public_id>/revoke/",
        invitation_views.revoke_invitation,
        name="revoke_invitation",
    ),
    path(
        "invitations/<slug:secret>/", received_views.received_invitation, name="received_invitation"
    ),
    path(
        "invitations/<slug:secret>/sign-up/",
        received_views.sign_up_by_invitation,
        name="sign_up_by_invitation",
    ),
    path(
        "invitations/<slug:secret>/decline/",
        received_views.decline_by_link,
        name="decline_by_link",
    ),
    path("account/settings/invitations/", received_views.my_invitations, name="my_invitations"),
    path(
        "account/settings/invitations/<slug:public_id>/accept/",
        received_views.accept_invitation,
        name="accept_invitation",
    ),
    path(
        "account/settings/invitations/<slug:public_id>/decline/",
        received_views.decline_invitation,
        name="decline_invitation",
    ),
    path("orgs/<name:org>/teams/", team_views.teams, name="teams"),
    path("orgs/<name:org>/teams/<name:team>/", team_views.team, name="team"),
    path("orgs/<name:org>/teams/<name:team>/settings/", team_views.change_team, name="change_team"),
    path("orgs/<name:org>/teams/<name:team>/delete/", team_views.delete_team, name="delete_team"),
    path("orgs/<name:org>/teams/<name:team>/leave/", team_views.leave_team, name="leave_team"),
    path("organizations/new/", organization_views.new_organization, name="new_organization"),
    path("orgs/<name:org>/settings/", organization_views.settings, name="organization_settings"),
    path(
        "orgs/<name:org>/settings/delete/",
        organization_views.delete_organization,
        name="delete_organization",
    ),
    path(
        "orgs/<name:org>/settings/second-factor/",
        organization_views.require_second_factor,
        name="require_second_factor",
    ),
    path(
        "orgs/<name:org>/settings/keep/",
        organization_views.keep_organization,
        name="keep_organization",
    ),
    path(
        "orgs/<name:org>/settings/access-tokens/",
        organization_token_views.organization_tokens,
        name="organization_tokens",
    ),
    path(
        "orgs/<name:org>/settings/access-tokens/<slug:public_id>/revoke/",
        organization_token_views.revoke_organization_token,
        name="revoke_organization_token",
    ),
    path("account/settings/profile/", account_views.profile, name="profile"),
    path("account/settings/security-log/", account_views.security_log, name="security_log"),
    path("account/settings/sessions/", account_views.sessions, name="sessions"),
    path(
        "account/settings/sessions/end-others/",
        account_views.end_other_sessions,
        name="end_other_sessions",
    ),
    path(
        "account/settings/sessions/<int:number>/end/",
        account_views.end_session,
        name="end_session",
    ),
    path("account/settings/tokens/", views.access_tokens, name="access_tokens"),
    path(
        "account/settings/tokens/<slug:public_id>/revoke/",
        views.revoke_access_token,
        name="revoke_access_token",
    ),
    path(
        "account/settings/registry-sign-ins/<slug:public_id>/end/",
        views.end_registry_sign_in,
        name="end_registry_sign_in",
    ),
]
