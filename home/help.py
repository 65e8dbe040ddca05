"""Which section of the documentation speaks of a page: what the help on each page leads to."""

from dataclasses import dataclass

OWNERS, MEMBERS, STAFF = "owners", "members", "administrators/site-staff"


@dataclass(frozen=True, slots=True)
class Help:
    """A section of a document, by its anchor."""

    document: str
    section: str


@dataclass(frozen=True, slots=True)
class _Pages:
    """The sections for some pages, by the names of their routes; "" where the guide has none."""

    names: str
    owners: str
    members: str


_PAGES = (
    _Pages("overview", "your-organization", "find-your-way"),
    _Pages("organization_settings delete_organization", "your-organization", "find-your-way"),
    _Pages("new_organization", "", "make-an-organization"),
    _Pages(
        "org_permissions preview_permissions",
        "switch-image-access-management-on",
        "read-the-rules",
    ),
    _Pages("can_pull", "why-was-this-refused", "ask-before-you-pull"),
    _Pages("pull_explained", "why-was-this-refused", "understand-a-refusal"),
    _Pages("own_rules end_rule ended_rules", "blocks-and-exceptions", "read-the-rules"),
    _Pages(
        "exception_requests exception_request allow_exception decline_exception",
        "requests",
        "ask-for-an-exception",
    ),
    _Pages("enforce_sign_in check_file", "enforce-sign-in", "docker-desktop-asks-me-to-sign-in"),
    _Pages(
        "registries registry try_registry disconnect_registry rotate_credential",
        "connected-registries",
        "sign-in-to-a-registry",
    ),
    _Pages("clusters disconnect_cluster cluster_credential", "connected-clusters", "find-your-way"),
    _Pages("namespaces release_namespace", "namespaces", "find-your-way"),
    _Pages("members member remove_members", "members", "find-your-way"),
    _Pages("leave", "members", "leave-an-organization"),
    _Pages("invitations invite", "invite-people", ""),
    _Pages("teams team change_team delete_team", "teams", "find-your-way"),
    _Pages("organization_tokens", "organization-access-tokens", ""),
    _Pages("activity activity_entry pulls", "see-what-happened", "find-your-way"),
    # What is nobody's organization's: the members' guide is everybody's.
    _Pages("home", "", "find-your-way"),
    _Pages("catalog", "", "which-images-are-which"),
    _Pages("my_invitations received_invitation", "", "accept-an-invitation"),
    _Pages("access_tokens", "", "access-tokens"),
    _Pages("profile account_email", "", "your-account"),
    _Pages("sessions", "", "your-account"),
    _Pages("security_log", "", "see-what-happened-to-your-account"),
    _Pages(
        "account_login account_signup account_logout account_inactive account_confirm_email "
        "account_email_verification_sent account_reauthenticate account_change_password "
        "account_set_password account_reset_password account_reset_password_done "
        "account_reset_password_from_key account_reset_password_from_key_done "
        "account_confirm_login_code",
        "",
        "sign-up-sign-in",
    ),
    _Pages(
        "socialaccount_connections socialaccount_signup socialaccount_login_cancelled "
        "socialaccount_login_error openid_connect_login openid_connect_callback github_login "
        "github_callback",
        "",
        "sign-in-with-an-account-that-you-have-elsewhere",
    ),
)
_FOR_OWNERS = {
    name: Help(OWNERS, pages.owners)
    for pages in _PAGES
    if pages.owners
    for name in pages.names.split()
}
_FOR_MEMBERS = {
    name: Help(MEMBERS, pages.members)
    for pages in _PAGES
    if pages.members
    for name in pages.names.split()
}
_ALIKE = {
    "api_docs": Help(OWNERS, "over-the-api"),
    "site_namespaces": Help(STAFF, "namespaces"),
    "answer_namespace_request": Help(STAFF, "namespaces"),
    "site_release_namespace": Help(STAFF, "namespaces"),
    "site_registries": Help(STAFF, "registries-of-the-site"),
    "site_registry": Help(STAFF, "registries-of-the-site"),
    "rotate_site_credential": Help(STAFF, "registries-of-the-site"),
    "disconnect_site_registry": Help(STAFF, "registries-of-the-site"),
}


def help_for(page: str, *, is_owner: bool) -> Help | None:
    """What an owner, or else a member, reads about a page, by the name of its route."""
    # All that begins so is about second factors, and comes from a package.
    if page.startswith("mfa_"):
        return Help(MEMBERS, "two-factor-authentication")
    if page in _ALIKE:
        return _ALIKE[page]
    found = _FOR_OWNERS.get(page) if is_owner else None
    return found or _FOR_MEMBERS.get(page)
