"""The facts of the running process, and decisions over them and the bundled table."""

import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from autoinstall.advice import Verdict, advise
from autoinstall.advice.facts import current_facts, family_of
from autoinstall.names import project_name
from autoinstall.settings import Settings


@pytest.mark.parametrize(
    ("platform_name", "os_release", "family"),
    [
        ("win32", {}, "windows"),
        ("darwin", {}, "macos"),
        ("linux", {"ID": "debian"}, "debian"),
        ("linux", {"ID": "ubuntu", "ID_LIKE": "debian"}, "debian"),
        ("linux", {"ID": "linuxmint", "ID_LIKE": "ubuntu debian"}, "debian"),
        ("linux", {"ID": "fedora"}, "fedora"),
        ("linux", {"ID": "rocky", "ID_LIKE": "rhel centos fedora"}, "fedora"),
        ("linux", {"ID": "arch"}, "other"),
        ("linux", {}, "other"),
        ("freebsd14", {}, "other"),
    ],
)
def test_whose_commands_to_name(platform_name: str, os_release: Mapping[str, str], family: str) -> None:
    assert family_of(platform_name, os_release) == family


@pytest.mark.parametrize(
    ("name", "verdict", "suggestion"),
    [
        ("json", Verdict.INSTALLED, None),
        ("pytest", Verdict.INSTALLED, None),
        ("json.dekoder", Verdict.ADVICE, "json.decoder"),
        ("pytest.nothing", Verdict.ADVICE, None),
        ("urllib2", Verdict.ADVICE, "urllib.request"),
        ("dummy_threading", Verdict.ADVICE, "threading"),
        ("BeautifulSoup", Verdict.ADVICE, "bs4"),
        ("scikit_learn", Verdict.ADVICE, "sklearn"),
        ("sklearn.cross_validation", Verdict.ADVICE, "sklearn.model_selection"),
        ("arcpy", Verdict.ADVICE, None),
        ("helpers", Verdict.ADVICE, None),
        ("tensorflw.keras", Verdict.ADVICE, "tensorflow.keras"),
        ("maratlib", Verdict.DENIED, None),
    ],
)
def test_the_bundled_table_advises(tmp_path: Path, name: str, verdict: Verdict, suggestion: str | None) -> None:
    advice = advise(name, current_facts(nearby=tmp_path))
    assert (advice.verdict, advice.suggestion, advice.project) == (verdict, suggestion, None)


def test_files_around_are_those_of_the_folder_named(tmp_path: Path) -> None:
    (tmp_path / "frobnicate.py").write_text("", encoding="utf-8")
    facts = current_facts(nearby=tmp_path)
    assert advise("frobnicate", facts).suggestion == f"import sys; sys.path.append({str(tmp_path)!r})"
    assert advise("frobnicat", facts).suggestion == "frobnicate"


def test_the_path_is_a_parameter(tmp_path: Path) -> None:
    (tmp_path / "frobnicate.py").write_text("", encoding="utf-8")
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    assert advise("frobnicate", current_facts([str(tmp_path)], elsewhere)).verdict is Verdict.INSTALLED
    assert "frobnicate" not in sys.modules


def test_the_settings_have_their_say(tmp_path: Path) -> None:
    settings = Settings(deny=frozenset({project_name("PyYAML")}))
    assert advise("yaml", current_facts([], tmp_path, settings)).verdict is Verdict.DENIED
