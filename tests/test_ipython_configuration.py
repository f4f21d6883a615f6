"""The settings as traitlets."""

from collections.abc import Mapping
from pathlib import Path

import pytest
from traitlets import TraitError

from autoinstall.ipython.configuration import AutoInstall, Configuration
from tests.support.shell import made_shell


def test_what_is_configured_is_told_and_nothing_else(tmp_path: Path) -> None:
    told: list[Mapping[str, object]] = []
    with made_shell(tmp_path, {"AutoInstall": {"mode": "off", "min_age_days": 14, "target": "/mine"}}) as shell:
        Configuration(shell, told.append)
    assert told == [{"mode": "off", "min_age_days": 14, "target": "/mine"}]


def test_config_magic_shows_and_changes_them(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    told: list[Mapping[str, object]] = []
    with made_shell(tmp_path) as shell:
        before = list(shell.configurables)
        configuration = Configuration(shell, told.append)
        shell.run_cell("%config AutoInstall.mode = 'auto'")
        assert told == [{}, {"mode": "auto"}]
        shell.run_cell("%config AutoInstall")
        assert "AutoInstall.min_age_days" in capsys.readouterr().out
        configuration.end()
        # IPython 9 adds the configurables of its magics as they are first used.
        assert shell.configurables[: len(before)] == before
        assert not any(isinstance(each, AutoInstall) for each in shell.configurables)
        shell.run_cell("%config AutoInstall")
        assert "AutoInstall.min_age_days" not in capsys.readouterr().out


def test_a_value_that_cannot_be_says_what_can(tmp_path: Path) -> None:
    with (
        made_shell(tmp_path, {"AutoInstall": {"mode": "yes"}}) as shell,
        pytest.raises(TraitError, match="'off', 'ask', 'auto'"),
    ):
        Configuration(shell, lambda _: None)
