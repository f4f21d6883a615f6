"""The fixtures that all tests share: indexes, environments, kernels, terminals."""

import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Protocol

import pytest

from tests.support.catalogue import Release, default_catalogue
from tests.support.environments import Environment, Environments, build_project
from tests.support.kernel import Kernel
from tests.support.local_index import LocalIndex
from tests.support.processes import NOBODY, clean_environ, online_environ

if sys.platform != "win32":
    from tests.support.terminal import Terminal


@pytest.fixture
def local_index() -> Iterator[LocalIndex]:
    """Serve the default catalogue."""
    with LocalIndex(default_catalogue()) as index:
        yield index


@pytest.fixture
def make_index() -> Iterator[Callable[..., LocalIndex]]:
    """Return a function that serves the releases it is given, one index a call, until the test ends."""
    with ExitStack() as stack:

        def make(*releases: Release) -> LocalIndex:
            return stack.enter_context(LocalIndex(releases))

        yield make


@pytest.fixture(scope="session")
def environments(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Environments]:
    """Hold the session's bases, with the project's own wheel in them."""
    with Environments(build_project(tmp_path_factory.mktemp("project"))) as made:
        yield made


class FreshEnvironment(Protocol):
    """What the fixture `fresh_environment` gives."""

    def __call__(
        self,
        base: str = "ipython9",
        index: LocalIndex | str = NOBODY,
        *,
        online: bool = False,
        to: Path | None = None,
        **environ: str,
    ) -> Environment:
        """Make an environment of the test's own like a base of `tests.support.environments.BASES`.

        Its processes see `index` (a running one, or a URL) and nothing of this machine's settings; with `online` the
        real index, as this machine reaches it. `environ` is added.
        """


@pytest.fixture
def fresh_environment(environments: Environments, tmp_path: Path) -> FreshEnvironment:
    """Return a function that makes environments."""
    count = 0

    def make(
        base: str = "ipython9",
        index: LocalIndex | str = NOBODY,
        *,
        online: bool = False,
        to: Path | None = None,
        **environ: str,
    ) -> Environment:
        nonlocal count
        count += 1
        home = tmp_path / f"home{count}"
        url = index if isinstance(index, str) else index.url
        variables = online_environ(home) if online else clean_environ(home, url)
        return environments.fresh(base, variables | environ, home, to)

    return make


class StartKernel(Protocol):
    """What the fixture `start_kernel` gives."""

    def __call__(self, environment: Environment, **environ: str) -> Kernel:
        """Start a kernel that dies with the test."""


@pytest.fixture
def start_kernel() -> Iterator[StartKernel]:
    """Return a function that starts kernels."""
    with ExitStack() as stack:

        def start(environment: Environment, **environ: str) -> Kernel:
            return stack.enter_context(Kernel(environment, environ))

        yield start


if sys.platform != "win32":

    class OpenTerminal(Protocol):
        """What the fixture `open_terminal` gives."""

        def __call__(self, environment: Environment, *arguments: str, **environ: str) -> Terminal:
            """Run the environment's interpreter with these arguments in a terminal that ends with the test."""

    @pytest.fixture
    def open_terminal() -> Iterator[OpenTerminal]:
        """Return a function that opens terminals."""
        with ExitStack() as stack:

            def open_one(environment: Environment, *arguments: str, **environ: str) -> Terminal:
                return stack.enter_context(Terminal(environment, *arguments, environ=environ))

            yield open_one

else:

    @pytest.fixture
    def open_terminal() -> None:
        """Skip: Windows has no pseudo-terminals that pexpect could drive."""
        pytest.skip("there are no pseudo-terminals on Windows")
