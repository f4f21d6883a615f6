"""A real kernel in a made environment, driven as a frontend drives it."""

import re
import sys
import tempfile
import time
from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import Enum, auto
from types import TracebackType
from typing import Any, Self

import zmq
from jupyter_client.blocking.client import BlockingKernelClient
from jupyter_client.kernelspec import KernelSpec, KernelSpecManager
from jupyter_client.manager import KernelManager
from jupyter_client.provisioning.local_provisioner import LocalProvisioner

from tests.support.environments import Environment

PATIENCE = 120.0
"""In seconds: how long anything may take before a test gives up on it."""

TRANSPORT = "tcp" if sys.platform == "win32" else "ipc"
"""How a kernel is spoken to. A free port is chosen before the kernel binds it: another test may be quicker. A
socket's file is the kernel's alone, but its path has room for about a hundred characters."""

END_OF_FILE = "\x04"
"""The answer that ends the input, as Ctrl-D does: the kernel raises `EOFError`."""


class Answer(Enum):
    """An answer to a prompt that is no text."""

    INTERRUPT = auto()
    """Press Ctrl-C (or the stop button) while the prompt stands."""


@dataclass(frozen=True, slots=True)
class Result:
    """What one cell (or comm message) did.

    `status` is `ok`, `error`, `aborted` as the kernel replied. `text` is the last expression's `text/plain`.
    `traceback` is what the frontend shows of the error, without colours; `error` the exception's class. `displays`
    are as they were at the end, after their updates.
    """

    status: str
    stdout: str = ""
    stderr: str = ""
    text: str | None = None
    error: str | None = None
    message: str | None = None
    traceback: str = ""
    prompts: tuple[str, ...] = ()
    displays: tuple[Mapping[str, Any], ...] = ()  # Any: each MIME type's data has a shape of its own

    @property
    def shown(self) -> str:
        """What was printed, then the text of what was displayed, as it was at the end."""
        return self.stdout + "".join(f"{data.get('text/plain', '')}\n" for data in self.displays)


@dataclass(slots=True)
class _Running:
    """A request whose answer is still coming in."""

    answers: deque[str | Answer]
    stdout: str = ""
    stderr: str = ""
    text: str | None = None
    error: str | None = None
    message: str | None = None
    traceback: str = ""
    prompts: list[str] = field(default_factory=list)
    displays: list[Mapping[str, Any]] = field(default_factory=list)  # Any: as in Result
    places: dict[str, int] = field(default_factory=dict)
    status: str | None = None
    is_idle: bool = False
    unanswered: str | None = None

    def take(self, kind: str, content: Mapping[str, Any]) -> None:  # Any: JSON
        """Add what one message says."""
        match kind:
            case "stream" if content["name"] == "stdout":
                self.stdout += content["text"]
            case "stream":
                self.stderr += content["text"]
            case "execute_result":
                self.text = content["data"].get("text/plain")
                self.displays.append(content["data"])
            case "display_data":
                if (place := content.get("transient", {}).get("display_id")) is not None:
                    self.places[place] = len(self.displays)
                self.displays.append(content["data"])
            case "update_display_data":
                self.displays[self.places[content["transient"]["display_id"]]] = content["data"]
            case "error":
                self.error, self.message = content["ename"], content["evalue"]
                self.traceback += _plain("\n".join(content["traceback"]))
            case "status":
                self.is_idle = self.is_idle or content["execution_state"] == "idle"
            case "execute_reply":
                self.status = content["status"]

    def result(self) -> Result:
        """Return what has come in."""
        return Result(
            status=self.status or "ok",
            stdout=self.stdout,
            stderr=self.stderr,
            text=self.text,
            error=self.error,
            message=self.message,
            traceback=self.traceback,
            prompts=tuple(self.prompts),
            displays=tuple(self.displays),
        )


class Kernel:
    """A kernel, alive while it is used as a context, dead afterwards whatever happened."""

    def __init__(self, environment: Environment, environ: Mapping[str, str] | None = None) -> None:
        self._environment = environment
        self._environ = {**environment.environ, **(environ or {})}
        self._running: dict[str, _Running] = {}
        self._heard = ""

    def __enter__(self) -> Self:
        """Start it and wait until it answers."""
        spec = KernelSpec(
            argv=[str(self._environment.python), "-m", "ipykernel_launcher", "-f", "{connection_file}"],
            display_name="made for a test",
            language="python",
        )
        runtime = self._environment.home / "runtime"
        runtime.mkdir(exist_ok=True)
        self._sockets = tempfile.TemporaryDirectory(prefix="k", ignore_cleanup_errors=True)
        self._manager = KernelManager(
            kernel_spec_manager=_OneSpec(spec),
            connection_file=str(runtime / f"kernel-{time.monotonic_ns()}.json"),
            transport=TRANSPORT,
            **({"ip": f"{self._sockets.name}/k"} if TRANSPORT == "ipc" else {}),
        )
        self._manager.start_kernel(env=dict(self._environ), cwd=str(self._environment.work))
        try:
            self._client: BlockingKernelClient = self._manager.blocking_client()
            self._client.start_channels()
            self._client.wait_for_ready(timeout=PATIENCE)
        except BaseException:
            self._stop()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Kill it."""
        self._stop()

    @property
    def pid(self) -> int:
        """The kernel's process id."""
        provisioner = self._manager.provisioner
        assert isinstance(provisioner, LocalProvisioner)
        assert provisioner.pid is not None
        return provisioner.pid

    def execute(
        self,
        code: str,
        *,
        allow_stdin: bool = True,
        answers: Iterable[str | Answer] = (),
        timeout: float = PATIENCE,
    ) -> Result:
        """Run a cell and return what it did, answering its prompts in order.

        A prompt for which there is no answer left fails the test. With `allow_stdin=False` the request says that
        nobody can be asked, as `nbconvert --execute` does.
        """
        return self.finish(self.submit(code, allow_stdin=allow_stdin, answers=answers), timeout)

    def execute_all(
        self,
        codes: Iterable[str],
        *,
        allow_stdin: bool = True,
        answers: Iterable[str | Answer] = (),
        timeout: float = PATIENCE,
    ) -> list[Result]:
        """Queue cells at once, as "Run All" does, and return what each did; after an error the rest are `aborted`.

        The answers go to prompts in the order in which they come, whichever cell asks.
        """
        shared = deque(answers)
        return [self.finish(one, timeout) for one in [self._send(code, allow_stdin, shared) for code in codes]]

    def submit(self, code: str, *, allow_stdin: bool = True, answers: Iterable[str | Answer] = ()) -> str:
        """Send a cell without waiting and return what `finish` takes."""
        return self._send(code, allow_stdin, deque(answers))

    def finish(self, submitted: str, timeout: float = PATIENCE) -> Result:
        """Wait for a submitted cell and return what it did; others that are queued go on meanwhile."""
        running = self._running[submitted]
        deadline = time.monotonic() + timeout
        while not (running.status and running.is_idle):
            self._receive(deadline)
        del self._running[submitted]
        if running.status != "ok" and not self._running:
            # For a moment after an error ipykernel aborts what comes in, as quickly as only a program can send it.
            # Requests of other kinds are answered, in order: once this one is, the moment has passed.
            self._client.kernel_info(reply=True, timeout=timeout)
        if running.unanswered is not None:
            raise AssertionError(f"asked {running.unanswered!r}, for which the test has no answer left")
        return running.result()

    def comm_open(self, target: str, comm_id: str, data: Mapping[str, object] | None = None) -> Result:
        """Open a comm from the frontend's side and return what its handler did."""
        return self._comm("comm_open", {"target_name": target, "comm_id": comm_id, "data": dict(data or {})})

    def comm_message(self, comm_id: str, data: Mapping[str, object] | None = None) -> Result:
        """Send a comm message, as a widget does when it is clicked, and return what its handler did."""
        return self._comm("comm_msg", {"comm_id": comm_id, "data": dict(data or {})})

    def interrupt(self) -> None:
        """Interrupt what runs, as the stop button does."""
        self._manager.interrupt_kernel()

    def wait_for_output(self, text: str, timeout: float = PATIENCE) -> str:
        """Wait until `text` has been printed, by whichever cell, thread or task.

        Returns all that has been printed since the last wait. What a cell prints is in its `Result` all the same.
        """
        deadline = time.monotonic() + timeout
        while text not in self._heard:
            self._receive(deadline)
        heard, self._heard = self._heard, ""
        return heard

    def _send(self, code: str, allow_stdin: bool, answers: deque[str | Answer]) -> str:  # noqa: FBT001
        request: str = self._client.execute(code, allow_stdin=allow_stdin)
        self._running[request] = _Running(answers)
        return request

    def _comm(self, kind: str, content: dict[str, object]) -> Result:
        message = self._client.session.msg(kind, content)
        self._client.shell_channel.send(message)
        request: str = message["header"]["msg_id"]
        # Comm messages get no reply: being idle again is all the end there is.
        self._running[request] = _Running(deque(), status="ok")
        return self.finish(request)

    def _receive(self, deadline: float) -> None:
        channels = {
            channel.socket: channel
            for channel in (self._client.shell_channel, self._client.iopub_channel, self._client.stdin_channel)
        }
        poller = zmq.Poller()
        for socket in channels:
            poller.register(socket, zmq.POLLIN)
        ready = dict(poller.poll(int(max(0.0, deadline - time.monotonic()) * 1000)))
        if not ready:
            unfinished = [running.result() for running in self._running.values()]
            raise AssertionError(f"the kernel is not done in time; so far: {unfinished}")
        for socket in ready:
            self._take(channels[socket].get_msg(timeout=0))

    def _take(self, message: Mapping[str, Any]) -> None:  # Any: JSON
        content = message["content"]
        if message["msg_type"] == "stream":
            self._heard += content["text"]
        elif message["msg_type"] in ("display_data", "update_display_data"):
            self._heard += content["data"].get("text/plain", "")
        elif message["msg_type"] == "error":
            self._heard += _plain("\n".join(content["traceback"]))
        running = self._running.get(message["parent_header"].get("msg_id", ""))
        if running is None:
            return
        if message["msg_type"] == "input_request":
            self._answer(running, content["prompt"])
        else:
            running.take(message["msg_type"], content)

    def _answer(self, running: _Running, prompt: str) -> None:
        running.prompts.append(prompt)
        if not running.answers:
            running.unanswered = running.unanswered or prompt
            self.interrupt()
            return
        answer = running.answers.popleft()
        if answer is Answer.INTERRUPT:
            self.interrupt()
        else:
            assert isinstance(answer, str)
            self._client.input(answer)

    def _stop(self) -> None:
        if client := getattr(self, "_client", None):
            client.stop_channels()
        self._manager.shutdown_kernel(now=True)
        self._manager.cleanup_resources()
        self._manager.context.destroy(linger=0)
        self._sockets.cleanup()


class _OneSpec(KernelSpecManager):
    """Knows one kernel only, so that none installed on this machine is started instead."""

    def __init__(self, spec: KernelSpec) -> None:
        super().__init__()
        self._spec = spec

    def get_kernel_spec(self, kernel_name: str) -> KernelSpec:
        """Return the one."""
        del kernel_name
        return self._spec


def _plain(text: str) -> str:
    return re.sub(r"\x1b\[[0-9;]*m", "", text)
