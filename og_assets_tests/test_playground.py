"""The emulated merchant of `og demo` and `og dev` never meets the real one that `.env` is about."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from og_assets.warehouse.connecting import open_warehouse


def suggested(story: str) -> dict[str, str]:
    """The commands that the demo ends with, by what they are for."""
    lines = story.partition("What to look at next\n")[2].splitlines()
    found = {line[3:23].strip(): line[24:] for line in lines}
    assert found.pop("your own merchant").startswith("write ORDERGROOVE_API_KEY=... into .env")
    assert set(found) >= {"the tables", "a question", "where it stands", "the runs, in the UI"}
    return found


@pytest.mark.long
def test_demo_beside_a_real_key_warehouse_and_inbox_leaves_them_alone(tmp_path: Path) -> None:
    """Dagster lays `.env` over the environment of whatever it starts in the same folder.

    What the demo suggests at its end works there as it stands.
    """
    (tmp_path / ".env").write_text(
        "ORDERGROOVE_API_KEY=a-real-key\nORDERGROOVE_BASE_URL=http://127.0.0.1:9\nORDERGROOVE_WAREHOUSE=real.duckdb\n"
        "ORDERGROOVE_WEBHOOK_INBOX=real.sqlite\n"
    )
    finished = subprocess.run(
        [sys.executable, "-m", "og_assets", "demo", "--customers", "5"],
        cwd=tmp_path,
        env={**os.environ, "DAGSTER_HOME": str(tmp_path / "home")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert finished.returncode == 0, finished.stdout + finished.stderr
    assert "every table equals the emulator" in finished.stdout
    assert not (tmp_path / "real.duckdb").exists()
    for what, command in suggested(finished.stdout).items():
        if what != "the runs, in the UI":
            again = subprocess.run(  # noqa: S602 - as a person would paste it
                command,
                shell=True,
                cwd=tmp_path,
                capture_output=True,
                text=True,
                check=False,
            )
            assert again.returncode == 0, (command, again.stderr)
            assert again.stdout
    with open_warehouse(tmp_path / "data" / "emulator.duckdb", read_only=True) as connection:
        (orders,) = connection.execute("SELECT count(*) FROM ordergroove.orders").fetchone() or (0,)
    assert orders > 0
