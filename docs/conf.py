"""How Sphinx builds the site: `make docs`."""

import tomllib
from pathlib import Path

_HERE = Path(__file__).parent
_PROJECT = tomllib.loads((_HERE.parent / "pyproject.toml").read_text("utf-8"))["project"]

project = _PROJECT["name"]
author = "crampsrules contributors"
copyright = f"2026, {author}"  # noqa: A001 - Sphinx's name for it
version = release = _PROJECT["version"]

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
