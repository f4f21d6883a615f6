"""The fixtures that all tests share: indexes, environments, kernels."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from tests.support.catalogue import Release, default_catalogue
from tests.support.local_index import LocalIndex


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
