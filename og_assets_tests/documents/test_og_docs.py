"""`og docs` prints the documents wherever og_assets is installed, and what messages point to is there."""

import os
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from og_assets.commands.documents import NoSuchDocument, documents, find
from og_assets_tests.load import SOAK

ROOT = Path(__file__).parents[2]


def og_docs(*words: str, folder: Path, modules: Path = ROOT) -> "subprocess.CompletedProcess[str]":
    """The command, in a folder that is no checkout, with the og_assets of `modules`."""
    return subprocess.run(
        [sys.executable, "-m", "og_assets", "docs", *words],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(modules)},
        capture_output=True,
        text=True,
        check=False,
    )


def test_every_document_is_listed_and_printed(tmp_path: Path) -> None:
    """By a name that is its file's; what is printed into a pipe is the file itself, so that SQL can be run."""
    listed = og_docs(folder=tmp_path).stdout
    for file in [*(ROOT / "docs").glob("*.md"), ROOT / "docs" / "recipes.sql"]:
        assert re.search(rf"^{re.escape(file.name.removesuffix('.md').lower())} +\S", listed, re.MULTILINE), file.name
    assert og_docs("recipes.sql", folder=tmp_path).stdout == (ROOT / "docs" / "recipes.sql").read_text()
    assert Path(og_docs("deploy", "--path", folder=tmp_path).stdout.strip()).samefile(ROOT / "docs" / "deploy.md")


def test_a_section_is_printed_up_to_the_next_one(tmp_path: Path) -> None:
    """With what is below it; the name is forgiving about case and file endings."""
    section = og_docs("docs/Operations.md#disk-full", folder=tmp_path).stdout
    assert section.startswith("### Disk full\n")
    assert "###" not in section[3:]
    assert find("operations#alerts")[1].count("\n### ") >= 3


@pytest.mark.parametrize(("name", "said"), [("nothing", "There are: architecture,"), ("data#nothing", "no section")])
def test_a_name_that_does_not_exist_is_one_sentence(tmp_path: Path, name: str, said: str) -> None:
    """Which lists those that do."""
    finished = og_docs(name, folder=tmp_path)
    assert (finished.returncode, finished.stdout) == (1, "")
    assert said in finished.stderr
    assert "Traceback" not in finished.stderr


def test_every_document_that_is_pointed_to_exists() -> None:
    """By messages, help and other documents, with its section."""
    sources = [*(ROOT / "og_assets").rglob("*.py"), *(ROOT / "docs").glob("*.*"), ROOT / "README.md"]
    named = {name for file in sources for name in re.findall(r"og docs ([a-z][\w./#-]*[\w])", file.read_text())}
    assert len(named) > 2
    for name in named:
        try:
            find(name)
        except NoSuchDocument as error:
            pytest.fail(str(error))


@pytest.mark.soak
@pytest.mark.skipif(not SOAK, reason="it runs in `make soak`: building a wheel needs a package index")
def test_a_wheel_has_the_documents(tmp_path: Path) -> None:
    """All of them, and prints them from where it was unpacked."""
    wheel = [sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "-w", str(tmp_path), str(ROOT)]
    subprocess.run(wheel, check=True)
    zipfile.ZipFile(next(tmp_path.glob("*.whl"))).extractall(tmp_path / "unpacked")
    listed = og_docs(folder=tmp_path, modules=tmp_path / "unpacked")
    assert {line.split()[0] for line in listed.stdout.splitlines()} == set(documents())
    path = og_docs("deploy", "--path", folder=tmp_path, modules=tmp_path / "unpacked").stdout
    assert path.strip() == str(tmp_path / "unpacked" / "og_assets" / "documents" / "deploy.md")
