"""What the benchmarks print, in one round: never how long anything took."""

import re

import pytest

from benchmarks.install import Bench, Case, catalogue, report
from tests.support.environments import Environments
from tests.support.local_index import LocalIndex
from tests.support.processes import clean_environ


@pytest.mark.kernel
def test_an_install_is_compared_with_both_rivals(
    environments: Environments, tmp_path_factory: pytest.TempPathFactory, capsys: pytest.CaptureFixture[str]
) -> None:
    home = tmp_path_factory.mktemp("home")
    with LocalIndex(catalogue()) as index:
        bench = Bench(environments, clean_environ(home / "local", index.url), home)
        report(Case("small", "six", "local", "warm"), bench, rounds=1)
        assert "six-1.17.0-py3-none-any.whl" in index.downloaded
    seconds, ratio = r"\d+\.\d{3} s", r"  \d+\.\d\d x "
    said = capsys.readouterr().out.splitlines()
    expected = (
        (
            rf"six \(small\), local index, warm cache, 1 rounds: autoinstall {seconds}, uv pip install {seconds}, "
            rf"%pip install {seconds}; the import alone {seconds}"
        ),
        rf"{ratio}uv pip install \(to reach: 2\.0 x\)",
        rf"{ratio}%pip install \(to reach: 0\.4 x\)",
    )
    assert len(said) == len(expected), said
    for line, pattern in zip(said, expected, strict=True):
        assert re.fullmatch(pattern, line), line
