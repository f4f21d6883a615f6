"""Many projects at once, a bounded number at a time, until all are done or something says stop."""

from collections.abc import Callable, Iterable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait

from autoinstall.names import ProjectName
from data.observer.client import Client
from data.observer.errors import StoppedError
from data.observer.observe import Ending, Observation

MOST_FAILURES_IN_A_ROW = 20
"""So many projects failing one after the other mean that the index is unwell: it is left alone."""


def crawl(
    client: Client,
    projects: Iterable[ProjectName],
    observe: Callable[[ProjectName], Observation],
    record: Callable[[Observation], None],
    workers: int,
) -> str | None:
    """Observe each project in one of `workers` threads, record it in this one, and return why that ended early.

    `None` is returned where all are done. A project is recorded whole or not at all. An exception here, Ctrl-C among
    them, lets the threads end at their next request and comes out.
    """
    failures = 0
    running: set[Future[Observation]] = set()

    def settle() -> None:
        nonlocal running, failures
        done, running = wait(running, return_when=FIRST_COMPLETED)
        for future in done:
            try:
                observation = future.result()
            except StoppedError:
                continue
            record(observation)
            failures = failures + 1 if observation.ending is Ending.FAILED else 0
            if failures == MOST_FAILURES_IN_A_ROW:
                client.stop(f"{failures} projects failed one after the other, the last because {observation.reason}")

    with ThreadPoolExecutor(workers, thread_name_prefix="observer") as pool:
        try:
            for project in projects:
                # Few are waiting at any time: a list may hold the whole index.
                while len(running) >= 2 * workers:
                    settle()
                if client.stopped is not None:
                    break
                running.add(pool.submit(observe, project))
            while running:
                settle()
        except BaseException as error:
            client.stop(f"interrupted ({type(error).__name__})")
            raise
    return client.stopped
