"""Which import an exception says is missing: from the facts it carries, never from the words of its message."""

import sys

from autoinstall.names import ImportName, import_name, is_import_name
from autoinstall.optional import lack

_LONGEST_CHAIN = 20
"""Exceptions looked at: a chain can be a circle."""

_MOST_LEAVES = 50
"""Exceptions of a group that are looked at: thousands of tasks may have failed alike."""


def missing_import(exception: BaseException) -> ImportName | None:
    """Return the import name that `exception` says is missing, or `None` where it carries no such fact.

    A `ModuleNotFoundError` says so by its `.name`; an `ImportError` that a library raised by that of the exception it
    was raised from (so pandas tells a missing optional dependency); and one for `from google.cloud import storage` by
    the namespace that has no such part; one that carries nothing, by the function that raised it (see `optional`).
    The result is well-formed: `.name` can be any string, `--index-url=…` too.
    """
    link: BaseException | None = exception
    for _ in range(_LONGEST_CHAIN):
        if isinstance(link, ModuleNotFoundError) and link.name is not None:
            return _checked(link.name)
        # Only a library's own ImportError, which names nothing, leads on to its cause. Python's, which names the
        # module that lacks a part, is the whole story, whatever else was being handled at the time.
        if not isinstance(link, ImportError):
            break
        if link.name is not None:
            part = getattr(link, "name_from", None)  # Python 3.12
            return _checked(f"{link.name}.{part}") if part and _is_namespace(link.name) else None
        link = link.__cause__ or link.__context__
    # Some libraries have found out long ago that something is missing, and raise what carries nothing.
    return _looked_up(exception) if isinstance(exception, ImportError) else None


def leaves(exception: BaseException) -> tuple[BaseException, ...]:
    """Return the exceptions that a group holds, those of groups within it too; any other exception stands for itself.

    So `asyncio.TaskGroup` and `except*` hand on what has failed in several tasks (PEP 654).
    """
    found: list[BaseException] = []
    to_open = [exception]
    while to_open and len(found) < _MOST_LEAVES:
        one = to_open.pop()
        if isinstance(one, BaseExceptionGroup):
            to_open += reversed(one.exceptions)
        else:
            found.append(one)
    return tuple(found)


def missing_cause(exception: BaseException) -> ImportName | None:
    """Return the missing import from which an error of another kind was raised outright (`raise … from …`).

    It may be spoken of, but it is not offered: whoever raised the error has made something else of it.
    """
    link = exception.__cause__
    for _ in range(_LONGEST_CHAIN):
        if link is None:
            break
        if (name := missing_import(link)) is not None:
            return name
        link = link.__cause__
    return None


def _looked_up(exception: ImportError) -> ImportName | None:
    known = lack(exception)
    return None if known is None else known.import_name


def _checked(name: object) -> ImportName | None:
    return import_name(name) if isinstance(name, str) and is_import_name(name) else None


def _is_namespace(name: str) -> bool:
    module = sys.modules.get(name)
    return module is not None and hasattr(module, "__path__") and getattr(module, "__file__", None) is None
