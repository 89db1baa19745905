"""How the documentation is built: MyST pages, Furo, and the project's own diagrams.

Build with ``sphinx-build -W docs docs/_build/html``: a warning is an error, and nothing is fetched.
"""

import sys
from importlib.metadata import version as version_of
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent / "_ext"))

project = "onechannel"
author = "The onechannel authors"
project_copyright = "2026, The onechannel authors"
release = version = version_of("onechannel")

extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
    "state_diagrams",
    "vocabulary",
    "timers_table",
    "custody_picture",
    "mail_pictures",
    "journey_picture",
]
exclude_patterns = ["_build", "_ext"]
nitpicky = False  # types of other projects are not looked up: the build needs no network

myst_enable_extensions = ["colon_fence", "deflist"]
myst_heading_anchors = 3

default_role = "literal"  # what stands in single backticks in a docstring is code
autodoc_member_order = "bysource"
autodoc_typehints = "description"
autoclass_content = "class"

html_theme = "furo"
html_title = "onechannel"
html_theme_options = {"navigation_with_keys": True}
