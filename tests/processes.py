"""A Python of its own, for what depends on what has been imported."""

from __future__ import annotations

import subprocess
import sys


def run_python(program: str) -> str:
    """What a program prints; an error where it fails."""
    return subprocess.run(
        [sys.executable, "-c", program], check=True, capture_output=True, text=True
    ).stdout
