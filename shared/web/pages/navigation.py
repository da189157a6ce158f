"""Where one finds one's way among the pages of an account: the same list on all, whichever service serves each."""

from shared.web.pages.page import Link

HOME = "/account"
NAVIGATION = (
    Link(HOME, "Overview"),
    Link("/account/profile", "Profile", beyond=("/files/avatar",)),
    Link("/files", "Files"),
    Link("/files/upload-links", "Upload links"),
    Link("/account/email", "Email address"),
    Link("/account/password", "Password"),
    Link("/account/factors", "Second factors"),
    Link("/account/sessions", "Sessions"),
    Link("/account/api-keys", "API keys"),
    Link("/account/identities", "Linked accounts"),
    Link("/account/activity", "Recent activity"),
    Link("/account/export", "Your data"),
    Link("/account/deletion", "Delete account"),
)
