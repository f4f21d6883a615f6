"""What pip or uv have put into a conda environment, which conda does not see: no plan of conda's may touch it."""

from collections.abc import Callable, Mapping, Sequence

from packaging.version import InvalidVersion, Version

from autoinstall.environment import Environment, Installed, conda_meta
from autoinstall.errors import BadProjectNameError
from autoinstall.installers.conda_answers import Record
from autoinstall.installers.relations import applicable
from autoinstall.names import ProjectName, project_name
from autoinstall.plan import Obstacle, Refusal, Wanted
from autoinstall.text import printable


def mixture(
    wanted: Sequence[Wanted],
    link: Sequence[Record],
    environment: Environment,
    installed: Mapping[ProjectName, Installed],
    known_as: Callable[[ProjectName], str | None],
) -> Refusal | None:
    """Refuse where conda would put a package over a distribution that is there, or against what one requires."""
    versions: dict[str | None, str] = {one.linked.name: one.linked.version for one in link}
    projects = " with ".join(dict.fromkeys(one.project for one in wanted))
    for one in installed.values():
        if known_as(one.project) in versions and not _is_of_conda(one, environment):
            sentence = (
                f"{projects} from conda would bring its own {one.project}, but {printable(one.version)} was put here "
                "with pip: choose another installer (the setting installer), or remove that one with pip first."
            )
            return Refusal(Obstacle.CONFLICT, sentence)
        for requirement in applicable(one.requires):
            try:
                version = versions.get(known_as(project_name(requirement.name)))
                if version is None or requirement.specifier.contains(Version(version), prereleases=True):
                    continue
            except (BadProjectNameError, InvalidVersion):
                continue
            sentence = (
                f"{projects} from conda would bring {requirement.name} {printable(version)}, but {one.project} "
                f"{printable(one.version)}, installed here, needs {printable(str(requirement.specifier))} of it."
            )
            return Refusal(Obstacle.CONFLICT, sentence)
    return None


def _is_of_conda(one: Installed, environment: Environment) -> bool:
    """Tell whether conda keeps its records: a project may come with a package of another name."""
    if one.metadata_folder is None:
        return False
    start = str(one.metadata_folder.resolve())
    return any(path.startswith(start) for path in conda_meta.owners(environment.prefix))
