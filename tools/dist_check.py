"""Install the library every way there is, and assess a patient with each: `make dist-check`.

Each way gets a fresh environment and pip, with nothing of the checkout on its path. All of
them have to give the same version of the rule base. tests/packaging looks into the same
archives in seconds; this is the slower proof that pip agrees.
"""

import os
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

ROOT = Path(__file__).parents[1]
SMOKE = ROOT / "tools" / "smoke.py"


def run(*command: str | Path, cwd: Path, path: str = "") -> str:
    """Run a command; on failure show what it said, and stop."""
    env = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    if path:
        env["PYTHONPATH"] = path
    done = subprocess.run(command, cwd=cwd, env=env, check=False, capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"{' '.join(map(str, command))}\n{done.stdout}{done.stderr}")
    return done.stdout


def build(kind: str, source: Path, target: Path) -> Path:
    """Build the wheel or the sdist of the project at `source` into a new folder."""
    run(sys.executable, "-m", "hatchling", "build", "-t", kind, "-d", target, cwd=source)
    (built,) = target.iterdir()
    return built


def unpack(sdist: Path, target: Path) -> Path:
    """The project that is in an sdist."""
    with tarfile.open(sdist) as archive:
        archive.extractall(target, filter="data")
    (project,) = target.iterdir()
    return project


def environment(at: Path, *install: str | Path) -> Path:
    """The Python of a new environment in which pip installed these."""
    run(sys.executable, "-m", "venv", at, cwd=at.parent)
    python = at / "bin" / "python"
    run(python, "-m", "pip", "install", "--disable-pip-version-check", *install, cwd=at.parent)
    return python


def ways(work: Path) -> Iterator[tuple[str, str]]:
    """What each way of installing is called, and what the patient's assessment printed there."""
    away = work / "away"
    away.mkdir()
    sdist = build("sdist", ROOT, work / "sdist")
    wheel = build("wheel", ROOT, work / "wheel")
    project = unpack(sdist, work / "unpacked")
    second = build("wheel", project, work / "second")

    python = environment(work / "from-wheel", wheel)
    yield "wheel", run(python, SMOKE, cwd=away)
    python = environment(work / "from-sdist", sdist)
    yield "sdist, built by pip", run(python, SMOKE, cwd=away)
    python = environment(work / "from-second", second)
    yield "wheel of the sdist", run(python, SMOKE, cwd=away)
    python = environment(work / "editable", "--editable", ROOT)
    yield "editable", run(python, SMOKE, cwd=away)
    # What remains there is what the library depends on.
    run(python, "-m", "pip", "uninstall", "--yes", "crampsrules", cwd=away)
    yield "zip on the path", run(python, SMOKE, cwd=away, path=str(wheel))


def main() -> int:
    """Print each way and what it answered; the exit code is 1 where they differ."""
    versions = set()
    with TemporaryDirectory() as work:
        for way, printed in ways(Path(work)):
            print(f"== {way}\n{printed}", end="")
            versions.add(printed.splitlines()[-1])
    if len(versions) > 1:
        print("The ways differ in their rules.", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
