"""Templates of pages: the common style and macros, and the filters that they use."""

from __future__ import annotations

import re

import jinja2
from markupsafe import Markup, escape

_INTERVAL = re.compile(r"^(\S+) (\(.+\))$")


def page_template(package: str, name: str) -> jinja2.Template:
    """The template `name` of `package`, which may import `page.html`: style, tables, pictures and the flow of a cohort.

    Args:
        package: package whose folder `templates` has it.
        name: of the file.
    """
    environment = jinja2.Environment(
        loader=jinja2.ChoiceLoader([jinja2.PackageLoader(package), jinja2.PackageLoader("outcomenet.pages")]),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["number"] = number
    return environment.get_template(name)


def number(cell: str) -> Markup:
    """A value and its interval, which may stand on two lines but are not broken themselves.

    >>> number("0.31 (0.22 to 0.39)")
    Markup('<span class="one">0.31</span> <span class="one">(0.22 to 0.39)</span>')
    """
    parts = _INTERVAL.match(cell)
    pieces = parts.groups() if parts else (cell,)
    return Markup(" ").join(Markup('<span class="one">{}</span>').format(escape(piece)) for piece in pieces)
