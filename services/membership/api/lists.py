"""Lists in the order of ids: where a page begins."""

from shared.http.paging import Page


def after_id(page: Page) -> str:
    """The id after which the page begins."""
    (id,) = page.position(str) or ("",)
    return id
