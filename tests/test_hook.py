"""The finder with a made-up story, and the handle that hangs it up and takes it away."""

import _imp
import importlib
import os
import signal
import sys
import threading
import unittest
from collections.abc import Callable, Iterator, Sequence
from importlib.abc import Loader
from importlib.machinery import ModuleSpec, PathFinder
from importlib.util import find_spec, spec_from_loader
from pathlib import Path
from types import ModuleType, SimpleNamespace

import pytest

from autoinstall import finder
from autoinstall.callsite import CallSite
from autoinstall.errors import TableDamagedError
from autoinstall.finder import Finder, OneAtATime
from tests.support.snippets import Run, running

PATIENCE = 20.0
"""Seconds after which another thread counts as stuck."""


@pytest.fixture
def run(tmp_path: Path) -> Iterator[Run]:
    with running(tmp_path) as run:
        yield run


@pytest.fixture(autouse=True)
def imports_as_found() -> Iterator[None]:
    """Leave no module, path entry or finder behind."""
    modules, path, finders = set(sys.modules), list(sys.path), list(sys.meta_path)
    yield
    for name in set(sys.modules) - modules:
        if getattr(sys.modules[name], "__file__", None) is None or "pytest-of" in str(sys.modules[name].__file__):
            del sys.modules[name]
    sys.path[:], sys.meta_path[:] = path, finders
    importlib.invalidate_caches()


class Shop:
    """A story that says yes, and brings modules into a folder on the path."""

    def __init__(self, folder: Path, **goods: str) -> None:
        self.folder = folder
        folder.mkdir(exist_ok=True)
        self.goods = goods
        self.asked: list[str] = []

    def __call__(self, fullname: str, _: CallSite) -> bool:
        self.asked.append(fullname)
        if fullname not in self.goods:
            return False
        self.bring(fullname)
        return True

    def bring(self, fullname: str) -> None:
        file = self.folder.joinpath(*fullname.split(".")).with_suffix(".py")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(self.goods[fullname])


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    shop = Shop(tmp_path / "shop", absent="value = 41 + 1", second="")
    sys.path.append(str(shop.folder))
    find_spec("absent")  # The path's listing is kept now, without `absent`.
    return shop


def hang(story: Callable[[str, CallSite], bool]) -> Finder:
    finder = Finder(story)
    sys.meta_path.append(finder)
    return finder


@pytest.mark.parametrize(
    "snippet",
    [
        pytest.param("import absent\nassert absent.value == 42", id="import"),
        pytest.param("from absent import value\nassert value == 42", id="from"),
        pytest.param("from absent import *\nassert value == 42", id="star"),
        pytest.param("def f():\n    import absent as a\n    return a\nassert f().value == 42", id="function"),
        pytest.param("import importlib\nassert importlib.import_module('absent').value == 42", id="import_module"),
        pytest.param("assert __import__('absent').value == 42", id="__import__"),
        pytest.param("import absent, second, absent\nassert absent.value == 42", id="several"),
    ],
)
def test_the_import_is_completed_in_the_same_statement(snippet: str, run: Run, shop: Shop) -> None:
    hang(shop)
    assert run(f"done = []\ndone.append(1)\n{snippet}\ndone.append(2)\nassert done == [1, 2]") is None
    assert shop.asked[0] == "absent"
    assert len(shop.asked) == len(set(shop.asked))


def test_a_no_is_pythons_own_error(run: Run, shop: Shop) -> None:
    hang(shop)
    error = run("import unheard_of")
    assert type(error) is ModuleNotFoundError
    assert (error.name, error.msg) == ("unheard_of", "No module named 'unheard_of'")
    assert shop.asked == ["unheard_of"]


def test_what_another_process_brought_meanwhile_is_found_whatever_came_of_the_story(run: Run, shop: Shop) -> None:
    """The story found it installed, and so nothing to offer."""

    def story(fullname: str, _: CallSite) -> bool:
        shop.bring(fullname)
        return False

    hang(story)
    assert run("import absent\nassert absent.value == 42") is None


def test_a_yes_without_the_module_is_pythons_own_error(run: Run) -> None:
    hang(lambda *_: True)
    assert type(run("import unheard_of")) is ModuleNotFoundError


@pytest.mark.parametrize(
    "snippet",
    [
        pytest.param("try:\n    import absent\nexcept ImportError:\n    pass", id="guarded"),
        pytest.param("import importlib.util\nassert importlib.util.find_spec('absent') is None", id="probe"),
        pytest.param(
            "import pytest\ntry:\n    pytest.importorskip('absent')\nexcept BaseException:\n    pass", id="library"
        ),
        pytest.param("import colorsys, json.decoder\nfrom xml import dom", id="there already"),
    ],
)
def test_what_is_not_ours_never_reaches_the_story(snippet: str, run: Run, shop: Shop) -> None:
    sys.modules.pop("colorsys", None)
    hang(shop)
    assert run(snippet) is None
    assert shop.asked == []


def test_a_dotted_name_asks_for_its_parent_and_tells_the_whole(run: Run, shop: Shop) -> None:
    shop.goods["tree.branch.leaf"] = "green = True"
    asked = []

    def story(fullname: str, site: CallSite) -> bool:
        shop.bring("tree.branch.leaf")
        asked.append((fullname, site.wanted, site.from_names))
        return True

    hang(story)
    assert run("from tree.branch import leaf\nassert leaf.green") is None
    assert asked == [("tree", "tree.branch", ("leaf",))]


@pytest.mark.parametrize("statement", ["import space.new", "from space import new", "from space.new import value"])
def test_a_namespace_that_was_there_gets_a_new_portion(statement: str, run: Run, shop: Shop, tmp_path: Path) -> None:
    (tmp_path / "other" / "space").mkdir(parents=True)
    (tmp_path / "other" / "space" / "old.py").write_text("")
    sys.path.insert(0, str(tmp_path / "other"))
    shop.goods["space.new"] = "value = 1"
    hang(shop)
    assert run(f"import space.old\n{statement}") is None
    assert shop.asked == ["space.new"]


def test_a_package_that_the_install_made_longer(run: Run, shop: Shop) -> None:
    """As namespaces of the older kind are, whose folders are a plain list in their `__init__.py`."""
    (shop.folder / "space").mkdir()
    (shop.folder / "space" / "__init__.py").write_text("")
    (shop.folder / "more").mkdir()
    (shop.folder / "more" / "new.py").write_text("")

    def story(*_: object) -> bool:
        space = sys.modules["space"]
        space.__path__ = [*space.__path__, str(shop.folder / "more")]
        return True

    hang(story)
    assert run("import space\nimport space.new") is None


def test_a_namespaces_part_that_is_not_to_be_had(run: Run, shop: Shop, tmp_path: Path) -> None:
    (tmp_path / "shop" / "space").mkdir()
    hang(shop)
    assert type(run("from space import nothing")) is ImportError
    assert type(run("import space.nothing")) is ModuleNotFoundError
    assert shop.asked == ["space.nothing", "space.nothing"]


def test_a_relative_import(run: Run, shop: Shop) -> None:
    (shop.folder / "own").mkdir()
    (shop.folder / "own" / "__init__.py").write_text("from .helper import value")
    shop.goods["own.helper"] = "value = 1"
    hang(shop)
    assert run("import own\nassert own.value == 1") is None
    assert shop.asked == ["own.helper"]


class Importer(Loader):
    """A finder like six's, with one module; it hangs itself behind whoever is there."""

    def __init__(self, name: str, trouble: Exception | None = None) -> None:
        self.name = name
        self.trouble = trouble
        sys.meta_path.append(self)

    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        assert path is None
        assert target is None
        if self.trouble is not None:
            raise self.trouble
        return spec_from_loader(fullname, self) if fullname == self.name else None

    def exec_module(self, module: ModuleType) -> None:
        module.__dict__["made_by"] = self


def test_finders_behind_ours_are_asked_first(run: Run, shop: Shop) -> None:
    hang(shop)
    behind = Importer("absent")
    assert run("import absent") is None
    assert vars(sys.modules["absent"])["made_by"] is behind
    assert shop.asked == []


def test_a_finder_behind_ours_that_has_nothing(run: Run, shop: Shop) -> None:
    hang(shop)
    Importer("something_else")
    assert run("import absent") is None
    assert shop.asked == ["absent"]


def test_the_trouble_of_a_finder_behind_ours_is_its_own(
    run: Run, shop: Shop, capsys: pytest.CaptureFixture[str]
) -> None:
    hang(shop)
    trouble = LookupError("its own")
    Importer("absent", trouble)
    assert run("import absent") is trouble
    assert shop.asked == []
    assert capsys.readouterr().err == ""


def test_a_finder_of_the_older_kind_behind_ours(shop: Shop) -> None:
    """Before Python 3.12 six 1.15 could still be used, whose importer knows no `find_spec`."""
    finder = hang(shop)
    assert finder._ask_those_behind("absent", None, None) == (None, False)
    sys.meta_path.append(SimpleNamespace())
    assert finder._ask_those_behind("absent", None, None) == (None, False)
    sys.meta_path.pop()


def test_what_somebody_else_has_just_installed_is_found(run: Run, shop: Shop) -> None:
    """As after `!pip install`, whose files Python may not see before its caches are dropped."""
    hang(shop)
    importlib.invalidate_caches()
    find_spec("absent")
    kept = sys.path_importer_cache[str(shop.folder)]
    shop.bring("absent")
    # As where the file system's clock is coarse: the listing looks fresh, and is not.
    kept._path_mtime = shop.folder.stat().st_mtime  # type: ignore[union-attr] # FileFinder's own
    assert PathFinder.find_spec("absent") is None
    assert run("import absent\nassert absent.value == 42") is None
    assert shop.asked == []


def test_what_is_installed_may_bring_a_finder_of_its_own(run: Run) -> None:
    def story(fullname: str, _: CallSite) -> bool:
        sys.meta_path.insert(0, Importer(fullname))
        sys.meta_path.pop()
        return True

    hang(story)
    assert run("import absent") is None


def test_a_defect_is_said_once_and_python_goes_on(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    def story(*_: object) -> bool:
        raise LookupError("what\nis \x1b[31mthis")

    hang(story)
    assert type(run("import absent")) is ModuleNotFoundError
    assert type(run("import absent")) is ModuleNotFoundError
    said = r"(LookupError: what\nis \x1b[31mthis)"
    assert (
        capsys.readouterr().err == f"autoinstall: an error of its own kept it from helping {said}; please report it\n"
    )


def test_a_damaged_table_says_once_and_whole_what_cures_it(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    """However long the path: the command stands behind it."""
    damaged = TableDamagedError(Path("/home", *["a_long_name"] * 30, "table.bin"), "is missing")

    def story(*_: object) -> bool:
        raise damaged

    hang(story)
    assert type(run("import absent")) is ModuleNotFoundError
    assert type(run("import absent")) is ModuleNotFoundError
    assert capsys.readouterr().err == f"autoinstall: {damaged}\n"


def test_an_interrupt_is_not_now(run: Run) -> None:
    def story(*_: object) -> bool:
        raise KeyboardInterrupt

    hang(story)
    assert type(run("import absent")) is ModuleNotFoundError


# The import lock.


def test_another_threads_import_goes_on_while_the_story_waits(run: Run, shop: Shop) -> None:
    (shop.folder / "elsewhere.py").write_text("value = 1")
    finished = []

    def story(*_: object) -> bool:
        other = threading.Thread(target=lambda: finished.append(importlib.import_module("elsewhere")))
        other.start()
        other.join(PATIENCE)
        return False

    hang(story)
    assert type(run("import absent")) is ModuleNotFoundError
    assert [module.__name__ for module in finished] == ["elsewhere"]


@pytest.mark.parametrize("times", [0, 1, 3])
@pytest.mark.parametrize("trouble", [None, LookupError("made up"), KeyboardInterrupt()])
def test_the_import_lock_is_given_back_as_it_was_held(
    times: int, trouble: BaseException | None, run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    seen = []

    def story(*_: object) -> bool:
        seen.append(_imp.lock_held())
        if trouble is not None:
            raise trouble
        return False

    hang(story)
    counted: list[int] = []
    error = run(
        """
        import _imp
        for _ in range(times):
            _imp.acquire_lock()
        try:
            import absent
        finally:
            while True:
                try:
                    _imp.release_lock()
                except RuntimeError:
                    break
                counted.append(1)
        """,
        times=times,
        counted=counted,
    )
    assert type(error) is ModuleNotFoundError
    assert seen == [False]
    assert len(counted) == times
    capsys.readouterr()


# Threads, and the story within the story.


def test_imports_within_the_story_do_not_enter_it(run: Run) -> None:
    asked = []

    def story(fullname: str, _: CallSite) -> bool:
        asked.append(fullname)
        code = compile("import another_absent", "/home/ann/notes.py", "exec")
        # Not `pytest.raises`, which would guard it: library code that catches does not.
        unittest.TestCase().assertRaises(ModuleNotFoundError, exec, code, {"__name__": "__main__"})  # noqa: PT027
        return False

    finder = hang(story)
    assert type(run("import absent")) is ModuleNotFoundError
    assert asked == ["absent"]
    assert not finder._turn.is_mine


def _in_threads(*snippets: str) -> list[BaseException | None]:
    """Run each snippet in a thread of its own, with nothing around that guards."""
    errors: list[BaseException | None] = [None] * len(snippets)

    def catch(arguments: threading.ExceptHookArgs) -> None:
        errors[int(str(arguments.thread and arguments.thread.name))] = arguments.exc_value

    threads = [
        threading.Thread(
            target=exec,
            args=(compile(snippet, f"/home/ann/{number}.py", "exec"), {"__name__": "__main__"}),
            name=str(number),
        )
        for number, snippet in enumerate(snippets)
    ]
    before, threading.excepthook = threading.excepthook, catch
    try:
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(PATIENCE)
            assert not thread.is_alive()
    finally:
        threading.excepthook = before
    return errors


def test_one_question_at_a_time(shop: Shop) -> None:
    inside = []
    most = []
    first_is_in = threading.Event()

    def story(fullname: str, site: CallSite) -> bool:
        inside.append(fullname)
        most.append(len(inside))
        first_is_in.set()
        threading.Event().wait(0.05)
        inside.remove(fullname)
        return shop(fullname, site)

    hang(story)
    for number in range(6):
        shop.goods[f"absent{number}"] = ""
    assert _in_threads(*(f"import absent{number}" for number in range(6))) == [None] * 6
    assert most == [1] * 6
    assert sorted(shop.asked) == [f"absent{number}" for number in range(6)]


def test_a_name_that_two_threads_miss_is_asked_for_once(shop: Shop) -> None:
    hang(shop)
    assert _in_threads(*["import absent"] * 5) == [None] * 5
    assert shop.asked == ["absent"]


def test_whoever_waited_looks_again_first(shop: Shop) -> None:
    """What the first thread's story brought along needs no second question."""
    both_are_missing = threading.Barrier(2)

    class Meeting:
        def find_spec(self, fullname: str, *_: object) -> None:
            if fullname in {"absent", "second"}:
                importing.append(fullname)

    def story(fullname: str, site: CallSite) -> bool:
        both_are_missing.wait(PATIENCE)
        threading.Event().wait(0.1)
        shop.bring("absent")
        shop.bring("second")
        return shop(fullname, site)

    importing: list[str] = []
    finder = hang(story)
    release = threading.Thread(
        target=lambda: _when(lambda: finder._turn.is_taken and len(importing) > 1, both_are_missing)
    )
    sys.meta_path.append(Meeting())  # behind ours: asked by it before its own turn
    release.start()
    assert _in_threads("import absent", "import second") == [None, None]
    release.join(PATIENCE)
    assert len(shop.asked) == 1


def _when(is_so: Callable[[], bool], barrier: threading.Barrier) -> None:
    pause = threading.Event()
    for _ in range(int(PATIENCE / 0.01)):
        if is_so():
            break
        pause.wait(0.01)
    barrier.wait(PATIENCE)


def test_nobody_waits_with_a_library_half_imported(shop: Shop, tmp_path: Path) -> None:
    """The story may need that library itself: each thread would wait for the other for ever."""
    libraries = tmp_path / "site-packages"
    libraries.mkdir()
    (libraries / "needed_by_the_story.py").write_text("import plugin_of_mine")
    (shop.folder / "plugin_of_mine.py").write_text("import second")
    sys.path.append(str(libraries))
    errors: list[BaseException | None] = []

    def story(fullname: str, site: CallSite) -> bool:
        other = threading.Thread(target=lambda: errors.extend(_in_threads("import needed_by_the_story")))
        other.start()
        other.join(PATIENCE)
        return shop(fullname, site)

    hang(story)
    assert _in_threads("import absent") == [None]
    assert [type(error) for error in errors] == [ModuleNotFoundError]
    assert shop.asked == ["absent"]


def test_a_turn_is_not_waited_for_by_its_holder() -> None:
    turn = OneAtATime()
    assert turn.take(lambda: turn.take(lambda: (turn.is_mine, turn.is_taken))) == (True, True)
    assert (turn.is_mine, turn.is_taken) == (False, False)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork on Windows")
@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")
def test_a_forked_child_does_not_wait_for_a_thread_that_it_has_not() -> None:
    turn = OneAtATime()
    inside, over = threading.Event(), threading.Event()

    def wait() -> None:
        inside.set()
        over.wait(PATIENCE)

    other = threading.Thread(target=turn.take, args=(wait,))
    other.start()
    inside.wait(PATIENCE)
    child = os.fork()
    if not child:
        os._exit(int(turn.is_taken))
    try:
        assert os.waitpid(child, 0)[1] == 0
        assert turn.is_taken
    finally:
        over.set()
        other.join(PATIENCE)


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="Windows sends no signals by the clock")
def test_an_interrupt_at_any_moment_leaves_the_locks_as_they_were() -> None:
    """Python's own import machinery cannot say as much: interrupted, it may keep the import lock for good."""
    turn = OneAtATime()

    def act() -> tuple[bool, None]:
        return turn.is_mine, None

    before = signal.signal(signal.SIGALRM, signal.default_int_handler)
    interrupted = 0
    try:
        for number in range(2000):
            _imp.acquire_lock()
            try:
                signal.setitimer(signal.ITIMER_REAL, 1e-6 + number % 50 * 1e-6)
                while True:
                    finder._without_import_lock(lambda: turn.take(act))
            except KeyboardInterrupt:
                interrupted += 1
            _imp.release_lock()  # raises where it is not held
            assert not _imp.lock_held()
            assert not turn.is_taken
            assert not turn.is_mine
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    assert interrupted == 2000
