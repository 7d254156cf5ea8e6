"""What stands in tools/ as modules: it is a folder of programs, and no package."""

from __future__ import annotations

import importlib.util
import sys
from typing import Any

from tests.drawing import ROOT


def load_tool(name: str) -> Any:
    """The module of a tool."""
    spec = importlib.util.spec_from_file_location(name, ROOT / f"tools/{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module
