"""What a keyring is asked and what its answers are made of, as tables, and a command that stands in for one."""

import os
from collections.abc import Mapping
from pathlib import Path

import pytest

from autoinstall.command import Finished, Steps
from autoinstall.environment import Environment
from autoinstall.environment.indexes import Indexes, Said
from autoinstall.installers.keyring import unlocked
from autoinstall.run import carry_out
from tests.support.installing import bare
from tests.support.passwords import write_keyring

URL, NAMED = "https://index.example/simple", "https://ann@index.example/simple"
JSON = '{"username": "ann", "password": "p@ss/word"}'
FILLED = "https://ann:p%40ss%2Fword@index.example/simple"
MODERN = ("--mode=creds", "--output=json", "get")
NO = Finished(1, "", "")


@pytest.mark.parametrize(
    ("url", "answers", "expected"),
    [
        (URL, {(*MODERN, URL): JSON}, FILLED),
        (NAMED, {(*MODERN, URL, "ann"): JSON}, FILLED),
        (NAMED, {(*MODERN, "index.example", "ann"): JSON}, FILLED),
        (NAMED, {("get", URL, "ann"): "p@ss/word\n"}, FILLED),
        (NAMED, {}, NAMED),
        (URL, {("get", URL, "ann"): "p@ss/word\n"}, URL),
        (NAMED, {("get", URL, "ann"): "\n"}, NAMED),
        (NAMED, {(*MODERN, URL, "ann"): "[]"}, "https://ann:%5B%5D@index.example/simple"),
        (
            "https://ann:old@index.example/simple",
            {(*MODERN, URL, "ann"): JSON},
            "https://ann:old@index.example/simple",
        ),
        ("file:///srv/index", {(*MODERN, "file:///srv/index"): JSON}, "file:///srv/index"),
    ],
)
def test_questions_and_answers(
    tmp_path: Path, url: str, answers: Mapping[tuple[str, ...], str], expected: str
) -> None:
    indexes = Indexes(index=Said(url, "pip.conf"), keyring=Said("import", "pip.conf"))
    environment = bare(tmp_path)
    steps = unlocked(indexes, environment, {"HOME": "/home/ann"})
    assert driven(steps, environment, answers).index == Said(expected, "pip.conf")


def driven(steps: Steps[Indexes], environment: Environment, answers: Mapping[tuple[str, ...], str]) -> Indexes:
    """Answer what is asked of the environment's keyring; it knows nothing else."""
    try:
        command = next(steps)
        while True:
            assert command.argv[:4] == (str(environment.executable), "-P", "-m", "keyring")
            said = answers.get(command.argv[4:])
            command = steps.send(NO if said is None else Finished(0, said, ""))
    except StopIteration as done:
        indexes: Indexes = done.value
        return indexes


@pytest.mark.parametrize("provider", [None, "auto", "disabled"])
def test_a_keyring_that_no_tool_was_told_of_is_not_asked(tmp_path: Path, provider: str | None) -> None:
    indexes = Indexes(index=Said(URL, "pip.conf"), keyring=None if provider is None else Said(provider, "pip.conf"))
    with pytest.raises(StopIteration) as done:
        next(unlocked(indexes, bare(tmp_path), os.environ))
    assert done.value.value == indexes


def test_the_command_on_the_path_is_asked_for_every_index(tmp_path: Path) -> None:
    folder = write_keyring(tmp_path / "bin", "ann", "p@ss/word")
    indexes = Indexes(
        index=Said(NAMED, "pip.conf"), extra=(Said(URL, "pip.conf"),), keyring=Said("subprocess", "pip.conf")
    )
    found = carry_out(unlocked(indexes, bare(tmp_path), {**os.environ, "PATH": str(folder)}))
    assert (found.index, found.extra) == (Said(FILLED, "pip.conf"), (Said(FILLED, "pip.conf"),))
    assert carry_out(unlocked(indexes, bare(tmp_path), {**os.environ, "PATH": str(tmp_path)})) == indexes
