"""The few pages people see: a mail's HTML, and what its links open."""

from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

_PAGES = Environment(
    loader=FileSystemLoader(Path(__file__).parent.parent / "pages"),
    autoescape=True,
    undefined=StrictUndefined,
    auto_reload=False,  # else it looks at the file for every mail
    trim_blocks=True,
    lstrip_blocks=True,
)


def page(name: str, **values: object) -> str:
    """A page of `pages/` with its values; everything is escaped that is not marked as HTML."""
    return _PAGES.get_template(f"{name}.html").render(values)
