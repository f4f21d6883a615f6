"""Exact versions that were written down, installed again: one plan, the one question, all or nothing."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from autoinstall import consent, table
from autoinstall.advice import Verdict
from autoinstall.consent import Answer, Standing
from autoinstall.errors import AutoinstallError
from autoinstall.names import ProjectName, prefixes, project_name
from autoinstall.notes import Way, Why
from autoinstall.past import pins
from autoinstall.past.pins import Pin
from autoinstall.plan import Obstacle, Plan, Refusal, Wanted
from autoinstall.platforms import quoted
from autoinstall.provide import Session
from autoinstall.roles import Done, Outcome, Status
from autoinstall.settings import Mode, Settings
from autoinstall.text import printable, version_as_text

_MOST_ROUNDS = 5
"""How often the pins are planned for anew because the environment changed meanwhile."""


def restore(session: Session, file: Path, *, is_cell: bool) -> Outcome:
    """Install exactly the pins of a file in one plan, after one question; what is there in that version stays.

    In mode `auto` nothing is asked, since the person has typed the command. Raises `BadPinError` for a file that
    holds anything but pins, and `BadSettingError`: nothing has been done then.
    """
    wanted = pins.read(file)
    settings = session.settings()
    try:
        outcome = _Restoration(session, settings, file, is_cell).install(wanted)
        for line in outcome.lines:
            session.screen.say(line)
    except AutoinstallError as problem:
        outcome = Outcome(Status.FAILED, f"autoinstall: {problem}")
    except KeyboardInterrupt:
        outcome = Outcome(Status.FAILED, "autoinstall: interrupted; nothing was installed.")
    finally:
        session.screen.clear()
    return outcome


def as_json(file: Path, outcome: Outcome) -> str:
    """Return what came of restoring a file as one JSON object on one line; `installed` are import names."""
    return json.dumps(
        {"file": str(file), "status": outcome.status, "installed": outcome.installed, "note": outcome.note}
    )


@dataclass(frozen=True, slots=True)
class _Restoration:
    """What one file asks for, in this session, under these settings."""

    session: Session
    settings: Settings
    file: Path
    is_cell: bool

    def install(self, wanted: Sequence[Pin]) -> Outcome:
        """Plan, ask, install; plan again where the environment has changed meanwhile."""
        machine, settings, screen = self.session.machine, self.settings, self.session.screen
        agreed: Plan | None = None
        for _ in range(_MOST_ROUNDS):
            versions = machine.versions()
            missing = [pin for pin in wanted if not pin.is_satisfied_by(versions)]
            if (outcome := self._settled(wanted, missing, versions)) is not None:
                return outcome
            screen.progress(f"finding what {self._name} needs")
            plan = machine.plan(_in_full(missing), settings, screen)
            if isinstance(plan, Refusal):
                return self._failed(plan.sentence)
            if settings.mode is Mode.ASK and plan != agreed:
                answer = self._ask(plan, missing)
                if answer is not Answer.YES:
                    return self._declined(Why.SAID_NO if answer is Answer.NO else Why.NOT_NOW)
                agreed = plan
            done = machine.carry_out(plan, settings, screen)
            if isinstance(done, Refusal) and done.obstacle is not Obstacle.CHANGED:
                return self._failed(done.sentence)
            if isinstance(done, Done) and done.plan.items:
                return self._installed(done.plan, missing)
        return self._failed("the environment kept changing meanwhile")

    def _settled(
        self, wanted: Sequence[Pin], missing: Sequence[Pin], versions: Mapping[ProjectName, str]
    ) -> Outcome | None:
        """Return how it ends before anything is planned, `None` where a plan is to be made."""
        for pin in wanted:
            if (reason := _why_forbidden(pin, self.settings)) is not None:
                return Outcome(Status.NOT_OFFERED, f"autoinstall: {reason} Nothing was installed.")
        if not missing:
            return Outcome(Status.PRESENT, lines=(f"All of {self._name} is installed here.",))
        if self.settings.mode is Mode.OFF:
            return self._declined(Why.OFF)
        if self.settings.mode is Mode.ASK and not self.session.asker.can_ask():
            return self._declined(Why.NOBODY)
        # Where another version of the project itself is there, the plan tells of the conflict.
        for pin in (each for each in missing if each.project not in versions):
            for name in pin.import_names:
                if self.session.advise(name).verdict is Verdict.INSTALLED:
                    return self._failed(f"{name} can be imported here already, and not from {pin.project}")
        return None

    def _ask(self, plan: Plan, missing: Sequence[Pin]) -> Answer:
        machine = self.session.machine
        question = consent.compose(
            plan,
            {
                name: Standing(machine.rank_of(pin.project))
                for pin in missing
                for name in (pin.project, *pin.import_names)
            },
            place=machine.place,
            python=machine.python,
            asked_by=self._name,
            remarks=[*filter(None, [machine.remark]), *machine.remarks_on_size(plan)],
            dated=machine.dated,
            has_choice=False,
        )
        return consent.put(question, self.session.asker)

    def _installed(self, plan: Plan, missing: Sequence[Pin]) -> Outcome:
        names = tuple(name for pin in missing for name in pin.import_names)
        self.session.forget(names)
        added = ", ".join(f"{item.project} {version_as_text(item.version)}" for item in plan.items)
        way = replace(self._way, target=self.session.machine.target)
        lines = (f"Installed {added}.", way.said_by_hand("-r", quoted((str(self.file),))))
        return Outcome(Status.INSTALLED, lines=lines, installed=names)

    def _failed(self, sentence: str) -> Outcome:
        return Outcome(Status.FAILED, f"autoinstall: {sentence.rstrip('.')}; nothing of {self._name} was installed.")

    def _declined(self, why: Why) -> Outcome:
        file = quoted((str(self.file),))
        command = self._way.either(f"{self._way.ours} restore {file}", self._way.by_hand("-r", file))
        return Outcome(Status.DECLINED, f"autoinstall: {self._name} was not restored: {why}.\n  To do it: {command}")

    @property
    def _way(self) -> Way:
        machine = self.session.machine
        return Way(self.is_cell, machine.has_pip, "python" if self.is_cell else machine.command)

    @property
    def _name(self) -> str:
        return printable(self.file.name, 40)


def _why_forbidden(pin: Pin, settings: Settings) -> str | None:
    """Say why a pin may not be installed at all: lists hold projects and import names, normalised alike."""
    names = {pin.project}
    for name in pin.import_names:
        names.update(project_name(prefix.strip("_.") or "0") for prefix in prefixes(name))
    if names & settings.deny or (settings.allow is not None and not names & settings.allow):
        return f"The settings here do not allow {pin.project}."
    reasons = (table.denial_for(name) for name in (pin.project, *pin.import_names))
    return next((reason for reason in reasons if reason is not None), None)


def _in_full(missing: Sequence[Pin]) -> list[Wanted]:
    """Return what is wanted, a pin once for each of its import names, or for its own sake."""
    return [Wanted(name, pin.project, pin.version) for pin in missing for name in (pin.import_names or (None,))]
