"""The shell's one slot for a custom exception handler, shared with whoever held it before."""

from collections.abc import Callable
from types import TracebackType

from autoinstall.ipython.shell import Shell

_OURS = (ImportError, BaseExceptionGroup)
"""What is taken: a group may hold the `ImportError` of a task."""


class Handler:
    """Takes the slot for `ImportError` and groups of exceptions; what it does not mend goes where it went before.

    `set_custom_exc` has a single slot, and others use it too (Colab does). `mend` is called with such an error that
    has escaped from a statement, and tells whether its cause is gone. It must not raise: IPython would unregister us.
    """

    def __init__(self, shell: Shell, mend: Callable[[BaseException], bool]) -> None:
        self._shell = shell
        self._mend = mend
        self._is_on = True
        # Kept as IPython holds it, already guarded and bound: through `set_custom_exc` it would be wrapped once more.
        self._before = shell.CustomTB, shell.custom_exceptions
        shell.set_custom_exc((*shell.custom_exceptions, *_OURS), self._handle)
        self._ours = shell.CustomTB

    def end(self) -> None:
        """Give the slot back as it was found; a handler that was set after ours stays, and may go on calling us."""
        self._is_on = False
        if self._shell.CustomTB is self._ours:
            self._shell.CustomTB, self._shell.custom_exceptions = self._before

    def _handle(
        self,
        shell: Shell,
        etype: type[BaseException],
        value: BaseException,
        tb: TracebackType | None,
        tb_offset: int | None = None,
    ) -> list[str] | None:
        if self._is_on and isinstance(value, _OURS) and self._mend(value):
            return None
        before, exceptions = self._before
        if not isinstance(value, exceptions):
            shell.showtraceback((etype, value, tb), tb_offset=tb_offset, running_compiled_code=True)
            return None
        lines = before(etype, value, tb, tb_offset=tb_offset)
        if self._is_on and shell.custom_exceptions == ():
            # Theirs has raised, and IPython has emptied the slot, which was ours: theirs goes, as it would have gone
            # without us, and we stay.
            self._before = shell.CustomTB, ()
            shell.CustomTB, shell.custom_exceptions = self._ours, _OURS
        return lines
