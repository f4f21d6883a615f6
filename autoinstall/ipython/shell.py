"""What autoinstall needs of IPython's shell, from 7.34 on, and how its attributes are replaced and given back."""

from collections.abc import Awaitable, Callable, MutableMapping
from types import CodeType, TracebackType
from typing import Any, Protocol

CustomTraceback = Callable[..., list[str]]
"""The shell's bound, guarded form of a custom exception handler."""


class Result(Protocol):
    """The part of an `ExecutionResult` that decides about the reply."""

    error_in_exec: BaseException | None


class Events(Protocol):
    """Who is told when something is executed."""

    def register(self, event: str, function: Callable[..., object]) -> None: ...  # noqa: D102 - IPython's
    def unregister(self, event: str, function: Callable[..., object]) -> None: ...  # noqa: D102 - IPython's


class DisplayPublisher(Protocol):
    """Where outputs other than text go; what was published under a display id can be updated."""

    def publish(  # noqa: D102 - IPython's
        self, data: dict[str, str], metadata: dict[str, object], *, transient: dict[str, str], update: bool
    ) -> None: ...


class MagicsManager(Protocol):
    """The registered magics: kind (`line`, `cell`), then name."""

    magics: dict[str, dict[str, Callable[..., object]]]

    def register_function(  # noqa: D102 - IPython's
        self, func: Callable[..., object], magic_kind: str, magic_name: str
    ) -> None: ...


class Dispatch(Protocol):
    """Completers by the first word of the line."""

    strs: dict[str, Any]  # Any: chains of IPython's own, only put back


class Shell(Protocol):
    """An `InteractiveShell`, as far as autoinstall touches it."""

    # Any, four times: values that belong to IPython and are only kept, put back or looked into by name.
    CustomTB: CustomTraceback
    custom_exceptions: tuple[type[BaseException], ...]
    events: Events
    display_pub: DisplayPublisher
    magics_manager: MagicsManager
    strdispatchers: dict[str, Dispatch]
    configurables: list[Any]
    db: MutableMapping[str, Any]
    user_ns: dict[str, Any]
    config: Any

    def run_code(  # noqa: D102 - IPython's
        self, code_obj: CodeType, result: Result | None = None, *, async_: bool = False
    ) -> Awaitable[bool]: ...

    def set_custom_exc(  # noqa: D102 - IPython's
        self, exc_tuple: tuple[type[BaseException], ...], handler: Callable[..., object] | None
    ) -> None: ...

    def showtraceback(  # noqa: D102 - IPython's
        self,
        exc_tuple: tuple[type[BaseException], BaseException, TracebackType | None] | None = None,
        filename: str | None = None,
        tb_offset: int | None = None,
        exception_only: bool = False,  # noqa: FBT001, FBT002 - IPython's
        running_compiled_code: bool = False,  # noqa: FBT001, FBT002 - IPython's
    ) -> None: ...

    def set_hook(self, name: str, hook: Callable[..., object], *, str_key: str) -> None: ...  # noqa: D102 - IPython's


class Override:
    """One attribute of an object replaced, until `undo` leaves the object exactly as it was found."""

    def __init__(self, owner: object, name: str, replacement: object) -> None:
        self._owner = owner
        self._name = name
        self._replacement = replacement
        self._was_set = name in vars(owner)
        self._before = vars(owner).get(name)
        setattr(owner, name, replacement)

    def undo(self) -> None:
        """Put back what was there; where somebody has put theirs on top of ours, that stays."""
        if vars(self._owner).get(self._name) is not self._replacement:
            return
        if self._was_set:
            setattr(self._owner, self._name, self._before)
        else:
            delattr(self._owner, self._name)


class Entry:
    """One entry of a mapping that somebody is about to fill on our behalf, taken out until `undo` puts it back."""

    def __init__(self, mapping: MutableMapping[str, Any], key: str) -> None:  # Any: whatever IPython registers
        self._mapping = mapping
        self._key = key
        self._before = mapping.pop(key, None)
        self._ours: object = None

    def is_ours(self) -> None:
        """Take note that what is there now is ours."""
        self._ours = self._mapping[self._key]

    def undo(self) -> None:
        """Put back what was there; where somebody has put theirs in the place of ours, that stays."""
        if self._mapping.get(self._key) is not self._ours:
            return
        del self._mapping[self._key]
        if self._before is not None:
            self._mapping[self._key] = self._before
