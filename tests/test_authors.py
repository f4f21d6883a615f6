"""What an author's lines install, as a table."""

import pytest

from autoinstall.source.authors import authored


@pytest.mark.parametrize(
    ("command", "told"),
    [
        ("pip install cv", ["cv"]),
        ("pip install -q Foo_Bar==1.4 'baz>=2,<3' qux[extra]~=1.0", ["foo-bar==1.4", "baz<3,>=2", "qux~=1.0"]),
        ("pip3 install a>=1.0", ["a>=1.0"]),
        ("python3.11 -m pip install a", ["a"]),
        ("{sys.executable} -m pip install a", ["a"]),
        ("C:\\\\py\\\\python.exe -m pip install a", ["a"]),
        ("/usr/bin/pip install a", ["a"]),
        ("uv pip install a", ["a"]),
        ("uv add a b", ["a", "b"]),
        ("sudo PIP_NO_INPUT=1 pip --quiet install a", ["a"]),
        ("apt-get install -y ffmpeg && pip install a; pip install b", ["a", "b"]),
        ("pip install a --index-url https://index.example/simple --no-deps b", ["a", "b"]),
        ("pip install -r requirements.txt -c limits.txt -e ../mine a", ["a"]),
        ("pip install --progress-bar off --index-url=https://index.example/simple a", ["a"]),
        ("pip install git+https://example.org/x.git ./wheels/y-1.0-py3-none-any.whl . a", ["a"]),
        ("pip install 'a @ https://example.org/a.whl'", []),
        ("pip install {name} $NAME a", ["a"]),
        ("pip install a  # the newest", ["a"]),
        ("pip install a > /dev/null", ["a"]),
        ('pip install "a', []),
        ("pip uninstall -y a", []),
        ("pip list", []),
        ("echo pip install a", []),
        ("", []),
        ("conda install -y -c conda-forge numpy=1.26 'scipy >=1.10'", ["numpy=1.26", "scipy>=1.10"]),
        ("conda install conda-forge::rdkit", ["rdkit"]),
        ("mamba install -n env a", ["a"]),
    ],
)  # fmt: skip
def test_the_projects_that_a_line_installs(command: str, told: list[str]) -> None:
    assert [f"{line.project}{line.version}" for line in authored(command)] == told


def test_the_tool_is_told() -> None:
    assert [line.tool for line in authored("pip install a; conda install b")] == ["pip", "conda"]
