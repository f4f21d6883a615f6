"""Ties a child process to this one: it can be ended with all that it started, and never outlives us.

Linux can have the kernel kill a child whose parent died, but only by code between fork and exec, which is unsafe in a
process with threads, and "parent" there means the thread that started it. A pipe that the child would have to read is
not in our hands, since the child is somebody else's program. So on Unix a second tiny process looks on: it sees that
its parent is another one than before and ends the child's process group. It is started beside the child, not before
it, and costs no waiting. Windows has job objects, which end with the last handle to them, that is, with us.
"""

import os
import signal
import subprocess
import sys
from contextlib import suppress
from types import TracebackType
from typing import Self

_ONLOOKER = """\
import os, sys, time
parent, group = int(sys.argv[1]), int(sys.argv[2])
while os.getppid() == parent:
    time.sleep(0.2)
os.killpg(group, 9)
"""

if sys.platform == "win32":
    from autoinstall.run.windows_job import Job

    class Leash:
        """Holds one child while it is used as a context."""

        def __init__(self) -> None:
            self._job: Job | None = None

        def __enter__(self) -> Self:
            """Be ready for a child."""
            return self

        def hold(self, process: "subprocess.Popen[bytes]") -> None:
            """Take the child, and all that it starts from now on."""
            self._process = process
            with suppress(OSError):  # a job of somebody else's that forbids nesting: the child alone can be ended
                self._job = Job()
                self._job.take(process.pid)

        def end(self) -> None:
            """End the child and all that it started."""
            if self._job is not None:
                self._job.end()
            self._process.kill()

        def __exit__(
            self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
        ) -> None:
            """Let go; what is still running in the job ends."""
            if self._job is not None:
                self._job.close()

else:

    class Leash:
        """Holds one child while it is used as a context."""

        def __init__(self) -> None:
            self._onlooker: subprocess.Popen[bytes] | None = None

        def __enter__(self) -> Self:
            """Be ready for a child."""
            return self

        def hold(self, process: "subprocess.Popen[bytes]") -> None:
            """Take the child, which leads a process group."""
            self._group = process.pid
            if not sys.executable:
                return  # embedded: the child still ends with every end of ours but a kill
            argv = (sys.executable, "-I", "-S", "-c", _ONLOOKER, str(os.getpid()), str(self._group))
            with suppress(OSError):
                self._onlooker = subprocess.Popen(  # noqa: S603 - our own interpreter and text
                    argv,
                    cwd="/",
                    env={},
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.DEVNULL,
                    start_new_session=True,
                )

        def end(self) -> None:
            """End the child and all that it started."""
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(self._group, signal.SIGKILL)

        def __exit__(
            self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
        ) -> None:
            """Let go."""
            if self._onlooker is not None:
                self._onlooker.kill()
                self._onlooker.wait()
