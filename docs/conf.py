"""How Sphinx builds the site: `make docs`."""

import sys
from pathlib import Path

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

sys.path.insert(0, str(Path(__file__).parents[1]))

from crampsrules import __version__
from docs.generated import PAGES

_HERE = Path(__file__).parent

project = "crampsrules"
author = "crampsrules contributors"
copyright = f"2026, {author}"  # noqa: A001 - Sphinx's name for it
version = release = __version__

extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",  # docstrings in Google's style
]
exclude_patterns = ["_build"]

# MyST: `:::{note}` for admonitions, and a link target on every heading.
myst_enable_extensions = ["colon_fence", "deflist"]
myst_heading_anchors = 3

# The order of the source is the order of importance.
autodoc_member_order = "bysource"
autodoc_typehints = "description"
autodoc_typehints_description_target = "documented"

html_theme = "furo"
html_title = f"{project} {version}"
html_copy_source = False


class Generated(SphinxDirective):
    """A page, or the rest of one, that is made from the facts and the rules."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        """Make the Markdown and read it as if it stood here."""
        for file in (*_HERE.parent.glob("rules/**/*.toml"), *_HERE.glob("*.py")):
            self.env.note_dependency(str(file))
        return self.parse_text_to_nodes(PAGES[self.arguments[0]](), allow_section_headings=True)


def setup(app: Sphinx) -> None:
    """Tell Sphinx of the directive."""
    app.add_directive("generated", Generated)
