"""Nothing that a user meets is missing from the documents: commands, settings, assets, make targets, links."""

import difflib
import re
import subprocess
from pathlib import Path

import click
import dagster as dg
import pytest

from og_assets.commands.cli import main
from og_assets.merchants import VARIABLE
from og_assets.settings import Settings
from og_assets_tests.code_location import definitions
from tools.command_reference import FILE, command_reference

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text()
DOCUMENTS = [
    ROOT / name
    for name in subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "*.md"],  # noqa: S607 - the git of whoever tests
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()
]
LONG_SENTENCE = 9
LINK = re.compile(r"\]\(([^)#\s]+)(?:#[^)]*)?\)")


@pytest.mark.parametrize("name", main.commands)
def test_a_command_explains_itself_with_examples(name: str) -> None:
    """Each option says what it is for, and each example begins with the command."""
    command = main.commands[name]
    assert command.help
    assert command.short_help or command.help
    examples = command.help.partition("Examples:\n")[2].splitlines()
    assert any(f"og {name}" in example for example in examples)
    for option in command.params:
        if isinstance(option, click.Option):
            assert option.help, option.name


def test_the_commands_document_is_what_the_commands_say() -> None:
    """Whoever changes a command or an option writes it anew."""
    expected, found = command_reference(), FILE.read_text()
    difference = "\n".join(difflib.unified_diff(found.splitlines(), expected.splitlines(), FILE.name, "the code"))
    assert not difference, f"docs/commands.md is not what the commands say; run `make docs`:\n{difference}"


@pytest.mark.parametrize("variable", [str(field.alias) for field in Settings.model_fields.values()])
def test_a_setting_is_in_its_table_and_in_the_example(variable: str) -> None:
    """With its default, where it has one."""
    assert re.search(rf"^\| `{variable}` \|", (ROOT / "docs" / "settings.md").read_text(), re.MULTILINE), "settings.md"
    assert re.search(rf"^# {variable}=", (ROOT / ".env.example").read_text(), re.MULTILINE), ".env.example"


def test_no_setting_is_documented_that_does_not_exist() -> None:
    """A name that nothing reads would be set in vain."""
    known = {str(field.alias) for field in Settings.model_fields.values()}
    for document in [*DOCUMENTS, ROOT / ".env.example"]:
        named = set(re.findall(r"\bORDERGROOVE_[A-Z_]+\b", document.read_text()))
        assert named <= {*known, VARIABLE}, document.name


def test_every_asset_job_schedule_and_sensor_is_explained() -> None:
    """By its name, in the README or where it says how it syncs."""
    explained = README + (ROOT / "docs" / "syncing.md").read_text()
    for key in definitions().resolve_all_asset_keys():
        folder, name = key.path
        assert re.search(rf"`{folder}[./]{name}`|, `{name}`", explained), key.to_user_string()
    repository = definitions().get_repository_def()
    names = [job.name for job in repository.get_all_jobs() if not job.name.startswith("__")]
    names += [schedule.name for schedule in repository.schedule_defs]
    names += [sensor.name for sensor in repository.sensor_defs if isinstance(sensor, dg.SensorDefinition)]
    for name in names:
        assert f"{name}`" in explained, name


def test_every_make_target_that_is_named_exists() -> None:
    """`make help` lists them."""
    targets = set(re.findall(r"^([a-z]+):.*##", (ROOT / "Makefile").read_text(), re.MULTILINE))
    for document in DOCUMENTS:
        named = set(re.findall(r"(?:`|^    )make ([a-z]+)", document.read_text(), re.MULTILINE))
        assert named <= targets, document.name
    assert {"demo", "test", "dev", "setup", "help"} <= set(re.findall(r"make ([a-z]+)", README))


def test_the_readme_can_be_read_in_five_minutes() -> None:
    """What it does not hold is in the documents that it names, which are all of them."""
    assert len(README.split()) < 1050
    for document in (ROOT / "docs").glob("*.*"):
        assert f"(docs/{document.name})" in README, document.name


def test_no_sentence_stands_in_two_documents() -> None:
    """One of two would become untrue; what is generated may repeat itself."""
    seen: dict[str, str] = {}
    for document in DOCUMENTS:
        if document.name in {"commands.md", "data.md", "CHANGELOG.md"}:
            continue
        for sentence in re.split(r"(?<=[.:])\s+|\n\n|\n[-|#]", document.read_text()):
            words = " ".join(sentence.split())
            if len(words.split()) >= LONG_SENTENCE:
                assert seen.setdefault(words, document.name) == document.name, words


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda document: str(document.relative_to(ROOT)))
def test_links_lead_somewhere(document: Path) -> None:
    """Those to files of ours."""
    for link in LINK.findall(document.read_text()):
        if not re.match(r"https?:|mailto:", link):
            assert (document.parent / link).exists(), link
