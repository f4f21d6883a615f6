"""The small default catalogue: made-up projects, and tiny stand-ins under real names that the table leads to."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from tests.support.wheels import Sdist, Wheel

OLD = 400.0
"""In days: older than any `min_age_days`."""


@dataclass(frozen=True, slots=True)
class Release:
    """One file of a catalogue and what the index says about it.

    `age_days` is what it tells by `upload-time` (`None`: it keeps quiet). `yanked` is the reason, empty for "yanked
    without a reason", or `None`. `has_metadata`: METADATA is served beside a wheel (PEP 658). `body`, where given, is
    served (and hashed) in place of what `distribution` builds: a damaged file that the index vouches for.
    """

    distribution: Wheel | Sdist
    age_days: float | None = OLD
    yanked: str | None = None
    has_metadata: bool = True
    body: bytes | None = None

    @property
    def filename(self) -> str:
        """The file's name."""
        return self.distribution.filename

    def content(self) -> bytes:
        """Return the bytes that are served."""
        return self.distribution.build() if self.body is None else self.body

    def upload_time(self, now: datetime | None = None) -> str | None:
        """Return the upload time as PEP 700 writes it."""
        if self.age_days is None:
            return None
        uploaded = (now or datetime.now(UTC)) - timedelta(days=self.age_days)
        return uploaded.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


FAKE = "Summary: A stand-in made by autoinstall's tests, not the real project"


def stand_in(project: str, version: str, *import_names: str, requires: tuple[str, ...] = ()) -> Wheel:
    """Return a wheel that provides empty-handed modules of these import names, and says that it is a stand-in.

    Each is a package whose `__version__` is the wheel's version; of a dotted name the parents are namespaces.
    """
    modules = {
        f"{name.replace('.', '/')}/__init__.py": f'STAND_IN = True\n__version__ = "{version}"\n'
        for name in import_names
    }
    return Wheel(project, version, modules, requires, headers=(FAKE,))


def default_catalogue() -> tuple[Release, ...]:
    """Return the default catalogue.

    snark (1.0, 2.0: `snark`, a module with `hunt()` and a console script); boojum-tools (`boojum`, needs snark>=1);
    jub-jub-nest (`jubjub.nest`, `jubjub` being a namespace); jub-jub-egg (`jubjub.egg`, the same); bandersnatch-fresh
    (`bandersnatch`: 2.0 a day old, 1.0 30 days); brand-new (`brand_new`: only a day old); toves (`toves`: 2.0 yanked,
    1.0 not); all-yanked (`all_yanked`); source-only (an sdist only); other-python (wheels for CPython 3.6 and 3.7
    only); other-platform (wheels for Pyodide only, of CPython 3.11 to 3.13); undated (`undated`: no upload time);
    wrong-name (installs, but does not provide `wrong_name`); and stand-ins under real names: opencv-python and
    opencv-python-headless (`cv2`, needing numpy), numpy, PyYAML (`yaml`), six (with `six.moves`), requests-toolbelt,
    python-dateutil (`dateutil`, needing six), beautifulsoup4 (`bs4`), Pillow (`PIL`).
    """
    snark = {"snark.py": 'VALUE = 42\n\n\ndef hunt() -> None:\n    print("the Snark was a Boojum")\n'}
    return (
        Release(Wheel("snark", "1.0", snark, scripts={"snark-hunt": "snark:hunt"}), age_days=OLD + 100),
        Release(Wheel("snark", "2.0", snark, scripts={"snark-hunt": "snark:hunt"})),
        Release(
            Wheel("boojum-tools", "1.5", {"boojum/__init__.py": "import snark\nVALUE = snark.VALUE\n"}, ("snark>=1",))
        ),
        Release(stand_in("jub-jub-nest", "1.0", "jubjub.nest")),
        Release(stand_in("jub-jub-egg", "1.0", "jubjub.egg")),
        Release(stand_in("bandersnatch-fresh", "1.0", "bandersnatch"), age_days=30),
        Release(stand_in("bandersnatch-fresh", "2.0", "bandersnatch"), age_days=1),
        Release(stand_in("brand-new", "1.0", "brand_new"), age_days=1),
        Release(stand_in("toves", "1.0", "toves")),
        Release(stand_in("toves", "2.0", "toves"), age_days=100, yanked="it gyres"),
        Release(stand_in("all-yanked", "1.0", "all_yanked"), yanked=""),
        Release(Sdist("source-only", "1.0", {"source_only.py": "VALUE = 1\n"})),
        Release(Wheel("other-python", "1.0", {"other_python.py": ""}, tag="cp36-cp36m-manylinux1_x86_64")),
        Release(Wheel("other-python", "1.0", {"other_python.py": ""}, tag="cp37-cp37m-manylinux1_x86_64")),
        Release(Wheel("other-python", "1.0", {"other_python.py": ""}, tag="cp37-cp37m-win_amd64")),
        Release(Wheel("other-platform", "1.0", {"other_platform.py": ""}, tag="cp311-cp311-pyodide_2024_0_wasm32")),
        Release(Wheel("other-platform", "1.0", {"other_platform.py": ""}, tag="cp312-cp312-pyodide_2024_0_wasm32")),
        Release(Wheel("other-platform", "1.0", {"other_platform.py": ""}, tag="cp313-cp313-pyodide_2024_0_wasm32")),
        Release(stand_in("undated", "1.0", "undated"), age_days=None),
        Release(stand_in("wrong-name", "1.0", "something_else_entirely")),
        Release(stand_in("numpy", "2.4.1", "numpy")),
        Release(stand_in("opencv-python", "4.14.0.94", "cv2", requires=("numpy>=2",))),
        Release(stand_in("opencv-python-headless", "4.14.0.94", "cv2", requires=("numpy>=2",))),
        Release(stand_in("PyYAML", "6.0.3", "yaml")),
        Release(Wheel("six", "1.17.0", {"six.py": _SIX}, headers=(FAKE,))),
        Release(stand_in("requests-toolbelt", "1.0.0", "requests_toolbelt")),
        Release(stand_in("python-dateutil", "2.9.0.post0", "dateutil", requires=("six>=1.5",))),
        Release(stand_in("beautifulsoup4", "4.14.2", "bs4")),
        Release(stand_in("Pillow", "12.0.0", "PIL")),
    )


_SIX = '''\
"""Stands in for six: appends an importer of its own to sys.meta_path, and answers for six.moves."""

import importlib.machinery
import sys
import types

STAND_IN = True
__version__ = "1.17.0"
__path__ = []


class _Importer:
    known = ("six.moves", "six.moves.urllib")

    def find_spec(self, fullname, path=None, target=None):
        if fullname in self.known:
            return importlib.machinery.ModuleSpec(fullname, self, is_package=True)
        return None

    def create_module(self, spec):
        return types.ModuleType(spec.name)

    def exec_module(self, module):
        module.STAND_IN = True


sys.meta_path.append(_Importer())
'''
