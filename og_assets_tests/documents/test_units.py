"""The systemd units of docs/deploy.md are accepted by systemd and start what is there."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
UNITS = sorted((ROOT / "docs" / "systemd").iterdir())
FOLDER = "/srv/og_assets"


def test_every_unit_is_in_the_guide() -> None:
    """With a link to the file."""
    guide = (ROOT / "docs" / "deploy.md").read_text()
    assert all(f"(systemd/{unit.name})" in guide for unit in UNITS)
    assert len(UNITS) == 5


@pytest.mark.parametrize("unit", [unit for unit in UNITS if unit.suffix == ".service"], ids=lambda unit: unit.name)
def test_a_unit_starts_a_command_that_takes_these_options(unit: Path) -> None:
    """What it starts is in the environment, and `--help` after its words is answered."""
    (command,) = re.findall(r"^ExecStart=(.+)$", unit.read_text(), re.MULTILINE)
    program, *words = command.split()
    here = Path(sys.executable).with_name(Path(program).name)
    assert program == f"{FOLDER}/.venv/bin/{here.name}"
    finished = subprocess.run([here, *words, "--help"], capture_output=True, text=True, check=False)
    assert finished.returncode == 0, finished.stderr
    for option in re.findall(r"--[a-z]+", command):
        assert option in finished.stdout, option
    assert (ROOT / "workspace.yaml").exists()


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="no systemd here")
def test_systemd_accepts_the_units(tmp_path: Path) -> None:
    """With the environment of these tests in the place of the one that the guide makes."""
    for unit in UNITS:
        text = unit.read_text().replace(f"{FOLDER}/.venv/bin", str(Path(sys.executable).parent))
        (tmp_path / unit.name).write_text(text)
    finished = subprocess.run(
        ["systemd-analyze", "verify", *tmp_path.iterdir()],  # noqa: S607 - the one of this machine
        capture_output=True,
        text=True,
        check=False,
    )
    assert (finished.returncode, finished.stderr) == (0, "")
