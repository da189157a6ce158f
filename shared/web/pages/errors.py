from shared.errors import AppError


class CrossSiteForm(AppError):
    """A page of another site had the browser send it."""

    code, status, title = "cross_site_form", 403, "This form was sent from another site"


class StaleForm(AppError):
    """Its token is missing, or belongs to another session or browser. Nothing was changed."""

    code, status, title = "stale_form", 403, "This form is out of date"
