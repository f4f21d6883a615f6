"""Settings from everywhere they can be said, and which of them holds."""

from pathlib import Path

import pytest

from autoinstall.errors import BadSettingError
from autoinstall.names import ProjectName
from autoinstall.settings import InstallerChoice, Mode, Settings, settle


@pytest.fixture
def files(tmp_path: Path) -> Path:
    (tmp_path / "folder").mkdir()
    return tmp_path


def _settle(
    files: Path,
    explicit: dict[str, object] | None = None,
    traitlets: dict[str, object] | None = None,
    environment: dict[str, str] | None = None,
) -> Settings:
    return settle(
        explicit,
        traitlets,
        environment=environment or {},
        user_file=files / "user.toml",
        site_file=files / "site.toml",
        folder=files / "folder",
    )


def test_nothing_said(files: Path) -> None:
    assert _settle(files) == Settings(Mode.ASK, InstallerChoice.AUTO, 7, frozenset(), None, {})


def test_precedence_from_the_users_file_up_to_the_argument(files: Path) -> None:
    (files / "user.toml").write_text('mode = "off"\ninstaller = "pip"\nmin_age_days = 3\n')
    assert _settle(files).mode is Mode.OFF
    assert _settle(files, environment={"AUTOINSTALL_MODE": "auto"}).mode is Mode.AUTO
    assert _settle(files, traitlets={"mode": "ask"}, environment={"AUTOINSTALL_MODE": "auto"}).mode is Mode.ASK
    settings = _settle(files, {"mode": "auto"}, {"mode": "ask"}, {"AUTOINSTALL_INSTALLER": "uv"})
    assert settings == Settings(
        Mode.AUTO,
        InstallerChoice.UV,
        3,
        origins={"mode": "argument", "installer": "environment", "min_age_days": str(files / "user.toml")},
    )


def test_a_target_is_the_users_to_set_and_nobodys_outside(files: Path) -> None:
    (files / "user.toml").write_text('target = "~/mine"\n')
    (files / "site.toml").write_text(f"target = {str(files)!r}\n")
    (files / "folder" / "autoinstall.toml").write_text(f"target = {str(files)!r}\n")
    assert _settle(files).target == Path("~/mine").expanduser()
    assert _settle(files, environment={"AUTOINSTALL_TARGET": str(files / "other")}).target == files / "other"


def test_spelling_of_a_mode_is_forgiven(files: Path) -> None:
    assert _settle(files, environment={"AUTOINSTALL_MODE": " Auto "}).mode is Mode.AUTO


@pytest.mark.parametrize("place", ["site.toml", "folder/autoinstall.toml"])
@pytest.mark.parametrize(
    ("wished", "said_outside", "in_force"),
    [
        ("auto", "off", Mode.OFF),
        ("auto", "ask", Mode.ASK),
        ("ask", "auto", Mode.ASK),
        ("off", "auto", Mode.OFF),
        ("off", "ask", Mode.OFF),
    ],
)
def test_from_outside_a_mode_only_tightens(
    files: Path, place: str, wished: str, said_outside: str, in_force: Mode
) -> None:
    (files / place).write_text(f'mode = "{said_outside}"\n')
    assert _settle(files, {"mode": wished}).mode is in_force


def test_denials_add_up_and_allowances_intersect(files: Path) -> None:
    (files / "user.toml").write_text('deny = ["Evil_Thing"]\nallow = ["numpy", "cv2", "scikit-learn"]\n')
    (files / "site.toml").write_text('deny = ["other"]\n')
    (files / "folder" / "autoinstall.toml").write_text('allow = ["numpy", "SciKit.Learn", "pandas"]\n')
    settings = _settle(files)
    assert settings.deny == {ProjectName("evil-thing"), ProjectName("other")}
    assert settings.allow == frozenset({ProjectName("numpy"), ProjectName("scikit-learn")})


@pytest.mark.parametrize(
    ("user", "site", "is_held"), [(7, 7, True), (7, 30, True), (7, 3, False), (3, 5, True), (0, 0, False)]
)
def test_an_age_that_is_asked_for_from_outside_holds(files: Path, user: int, site: int, *, is_held: bool) -> None:
    (files / "user.toml").write_text(f"min_age_days = {user}\n")
    (files / "site.toml").write_text(f"min_age_days = {site}\n")
    settings = _settle(files)
    assert settings.min_age_days == max(user, site)
    assert settings.age_held_by == (str(files / "site.toml") if is_held else "")


@pytest.mark.parametrize("broken", ["user.toml", "site.toml", "folder/autoinstall.toml"])
def test_for_an_answer_only_what_cannot_be_read_is_passed_over_and_the_rest_holds(files: Path, broken: str) -> None:
    names = ("user.toml", "site.toml", "folder/autoinstall.toml")
    for name in names:
        (files / name).write_text(f'deny = ["{Path(name).stem}"]\n')
    (files / broken).write_text("deny = [")
    passed_over: list[BadSettingError] = []
    settings = settle(
        environment={"AUTOINSTALL_INSTALLER": "sometimes"},
        user_file=files / names[0],
        site_file=files / names[1],
        folder=files / "folder",
        pass_over=passed_over.append,
    )
    assert settings.deny == {Path(name).stem for name in names if name != broken}
    assert settings.installer is InstallerChoice.AUTO
    assert {problem.origin for problem in passed_over} == {str(files / broken), "environment"}


def test_a_folder_cannot_choose_the_installer_or_shorten_the_wait(files: Path) -> None:
    (files / "folder" / "autoinstall.toml").write_text('installer = "pip"\nmin_age_days = 0\n')
    assert _settle(files) == Settings()
    (files / "folder" / "autoinstall.toml").write_text("min_age_days = 30\n")
    assert _settle(files).min_age_days == 30


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ('mode = "sometimes"', "mode = 'sometimes' ({file}): it must be off or ask or auto"),
        ("installer = 1", "installer = 1 ({file}): it must be auto or conda or uv or pip"),
        ("min_age_days = -1", "min_age_days = -1 ({file}): it must be a whole number of days from 0 to 3650"),
        ("min_age_days = true", "min_age_days = True ({file}): it must be a whole number of days from 0 to 3650"),
        (
            'deny = "cv2"',
            'deny = \'cv2\' ({file}): it must be a list of import or project names, such as ["cv2", "opencv-python"]',
        ),
        (
            "colour = 1",
            (
                "setting = 'colour' ({file}): it must be one of the settings "
                "mode, installer, min_age_days, target, deny, allow"
            ),
        ),
        (
            'target = "here"',
            "target = 'here' ({file}): it must be a folder, written from the root or from ~",
        ),
    ],
)
def test_a_bad_value_says_where_and_what_is_allowed(files: Path, text: str, sentence: str) -> None:
    file = files / "user.toml"
    file.write_text(text)
    with pytest.raises(BadSettingError) as caught:
        _settle(files)
    assert str(caught.value) == sentence.format(file=file)


@pytest.mark.parametrize("content", [b"mode = ", b"\xff\xfe", b'mode = "ask"\nmode = "off"'])
def test_a_file_that_cannot_be_read_is_named(files: Path, content: bytes) -> None:
    file = files / "folder" / "autoinstall.toml"
    file.write_bytes(content)
    with pytest.raises(BadSettingError) as caught:
        _settle(files)
    assert str(file) in str(caught.value)
