"""What deploy/ holds fits together, and the settings of one machine; that its commands run, tests of lakes show."""

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
COMPOSE = next(
    (
        words
        for words in (["docker", "compose"], ["docker-compose"])
        if shutil.which(words[0])
        and subprocess.run([*words, "version"], capture_output=True, check=False).returncode == 0
    ),
    None,
)


def read(name: str) -> Any:
    """A file of deploy/."""
    return yaml.safe_load((DEPLOY / name).read_text())


def test_dagster_is_set_as_on_one_machine_but_for_where_its_state_is() -> None:
    """The chart's values say the same in the chart's spelling."""
    here, there, chart = yaml.safe_load((ROOT / "dagster.yaml").read_text()), read("dagster.yaml"), read("values.yaml")
    assert there.pop("storage")["postgres"]["postgres_db"]["scheme"] == "postgresql+psycopg2"
    assert there == here
    daemon = chart["dagsterDaemon"]
    told = {
        "telemetry": chart["telemetry"],
        "concurrency": {name: chart["concurrency"][name] for name in ("runs", "pools")},
        "run_monitoring": daemon["runMonitoring"],
        "run_retries": daemon["runRetries"],
        "retention": {name: chart["retention"][name] for name in ("schedule", "sensor")},
        "python_logs": chart["pythonLogs"],
        **chart["additionalInstanceConfig"],
    }
    assert snake_case(told) == here


def test_the_chart_is_of_the_release_of_dagster_that_is_tested() -> None:
    """The two have one number, and each reads what the other writes."""
    (chart,) = re.findall(r"--version (\S+)", (DEPLOY / "values.yaml").read_text())
    assert f"dagster=={chart}" in (ROOT / "constraints.txt").read_text().split()


def test_the_home_of_the_chart_is_the_folder_of_the_image() -> None:
    """Its user may write there, and nowhere beside it."""
    file = (DEPLOY / "Dockerfile").read_text()
    assert f"ENV DAGSTER_HOME={read('values.yaml')['global']['dagsterHome']}\n" in file


def snake_case(value: Any) -> Any:
    """A setting with its names as dagster.yaml spells them."""
    if not isinstance(value, dict):
        return value
    return {
        re.sub("([A-Z])", lambda found: f"_{found[1].lower()}", name): snake_case(one) for name, one in value.items()
    }


def test_the_image_is_made_of_files_that_are_there() -> None:
    """And with the releases that are tested together."""
    file = (DEPLOY / "Dockerfile").read_text()
    sources = [name for line in re.findall(r"^COPY (.+)$", file, re.MULTILINE) for name in line.split()[:-1]]
    assert {"constraints-lake.txt", "og_assets"} < set(sources)
    ignored = (ROOT / ".dockerignore").read_text().split()
    for name in sources:
        assert (ROOT / name).exists(), name
        assert name not in ignored


def test_what_is_secret_comes_from_a_file_that_is_not_in_the_repository() -> None:
    """Each name of it is in the example, without a value."""
    example = dict(re.findall(r"^(\w+)=(.*)$", (DEPLOY / "env.example").read_text(), re.MULTILINE))
    compose = (DEPLOY / "compose.yaml").read_text()
    for name in re.findall(r"\$\{(\w+):\?", compose):
        assert example[name] == ""
    assert {name for name, value in example.items() if value} == {"AWS_REGION"}
    ignored = subprocess.run(["git", "check-ignore", "-q", "deploy/.env"], cwd=ROOT, check=False)  # noqa: S607
    assert ignored.returncode == 0


@pytest.mark.skipif(COMPOSE is None, reason="no Docker Compose here, neither `docker compose` nor docker-compose")
def test_docker_takes_the_compose_file(tmp_path: Path) -> None:
    """Its own reading of it, for which no daemon is needed."""
    shutil.copytree(DEPLOY, tmp_path / "deploy")
    filled = re.sub(r"^(\w+)=$", r"\1=x", (DEPLOY / "env.example").read_text(), flags=re.MULTILINE)
    (tmp_path / "deploy" / ".env").write_text(filled)
    command = [*(COMPOSE or []), "-f", "compose.yaml", "config"]
    finished = subprocess.run(command, cwd=tmp_path / "deploy", capture_output=True, text=True, check=False)
    assert finished.returncode == 0, finished.stderr
    assert {"postgres", "s3", "webserver", "daemon", "code", "receiver"} < yaml.safe_load(finished.stdout)[
        "services"
    ].keys()
