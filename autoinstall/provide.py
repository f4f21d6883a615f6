"""The story of a missing import, told once: advise, plan, ask, install, verify, record."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from autoinstall import consent, notes
from autoinstall.advice import Advice, Verdict
from autoinstall.consent import Answer, Asker, Nobody, Standing
from autoinstall.errors import AutoinstallError, BadSettingError
from autoinstall.missing import missing_cause, missing_import
from autoinstall.names import ImportName, import_name, is_import_name, is_project_name
from autoinstall.notes import Way, Why
from autoinstall.offers import Offer, planned
from autoinstall.optional import lack, project_for
from autoinstall.outdated import needs_restart
from autoinstall.plan import Obstacle, Plan, Refusal, Wanted
from autoinstall.roles import Done, Machine, NeedsMore, NoScreen, Outcome, Request, Screen, Status
from autoinstall.settings import Mode, Settings, installer_choice, settle
from autoinstall.settings import mode as checked_mode

_MOST_ROUNDS = 5
"""How often one request is planned anew, because another choice was made or the environment changed meanwhile."""


class Session:
    """What this process has been told to do, and what its user has answered.

    `asker` and `screen` are the face's; `explicit` and `traitlets` the settings said to this process.
    """

    def __init__(
        self,
        mode: str | None = None,
        installer: str | None = None,
        *,
        machine: Machine | None = None,
        asker: Asker | None = None,
        screen: Screen | None = None,
    ) -> None:
        """Raise `BadSettingError` for a mode or installer that there is not."""
        self._explicit: dict[str, object] = {}
        self.mode = mode
        self.installer = installer
        self.traitlets: Mapping[str, object] = {}
        self.asker: Asker = asker or Nobody()
        self.screen: Screen = screen or NoScreen()
        self._machine = machine
        self._said_no: dict[str, str] = {}
        self._this_time: dict[str, str] = {}
        self._nobody_there: dict[str, str] = {}

    @property
    def mode(self) -> str | None:
        """The mode that was said outright; `None` where the settings decide."""
        return _text(self._explicit.get("mode"))

    @mode.setter
    def mode(self, value: str | None) -> None:
        self._explicit["mode"] = None if value is None else checked_mode(value)

    @property
    def installer(self) -> str | None:
        """The installer that was said outright; `None` where the settings decide."""
        return _text(self._explicit.get("installer"))

    @installer.setter
    def installer(self, value: str | None) -> None:
        self._explicit["installer"] = None if value is None else installer_choice(value)

    @property
    def machine(self) -> Machine:
        """This interpreter's, unless another was handed in."""
        if self._machine is None:
            from autoinstall.machine import ThisMachine  # noqa: PLC0415 - the hands are needed on a miss only

            self._machine = ThisMachine()
        return self._machine

    def settings(self, pass_over: Callable[[BadSettingError], None] | None = None) -> Settings:
        """Return the settings in force now; raises `BadSettingError` where one cannot be read.

        `pass_over` hears of it instead, where it is only for an answer.
        """
        explicit = {key: value for key, value in self._explicit.items() if value is not None}
        return settle(explicit, self.traitlets, pass_over=pass_over)

    def advise(self, name: str) -> Advice:
        """Return what an import name leads to, and why. No network, no side effect."""
        return self.machine.advise(name, self.settings())

    def begin_execution(self) -> None:
        """Forget what was "not now": another cell runs, and may ask again."""
        self._this_time.clear()
        self._nobody_there.clear()

    def forget(self, names: Iterable[ImportName]) -> None:
        """Ask about these import names anew: what was answered and done about them holds no longer."""
        for name in names:
            self._said_no.pop(name, None)
            self._this_time.pop(name, None)

    def note_for(self, exception: BaseException, *, is_cell: bool = True) -> str | None:
        """Return what to say under an error that is about to be shown, `None` where nothing is lacking.

        `is_cell`: in a cell, where commands are typed otherwise than in a shell.
        """
        if (sentence := needs_restart(exception)) is not None:
            return f"autoinstall: {sentence}"
        known = lack(exception)
        name = missing_import(exception) or (known.import_name if known is not None else missing_cause(exception))
        if name is None:
            return f"autoinstall: {known.said}" if known is not None else None
        if (note := self._remembered(name) or self._nobody_there.get(name)) is not None:
            return self._with_elsewhere(name, note)
        try:
            settings = self.settings()
        except BadSettingError as problem:
            return f"autoinstall: {problem}"
        request = Request(name, is_cell=is_cell, project=project_for(name, exception))
        offer = self._consider(request, name, settings)
        if isinstance(offer, Outcome):
            return offer.note and self._with_elsewhere(name, offer.note)
        why = Why.OFF if settings.mode is Mode.OFF else Why.NOT_REPEATED
        return self._with_elsewhere(name, notes.withheld(offer.advice, why, self._way(settings, offer, request)))

    def provide(self, request: Request) -> Outcome:
        """Have the missing import installed, if it may be; nothing is raised but what is a defect of ours.

        The same name is not asked for twice in one execution, nor again after a no, unless it is asked for outright.
        """
        name = request.import_name
        if not is_import_name(name):
            is_typed = request.is_explicit and is_project_name(name)
            return Outcome(Status.NOT_OFFERED, notes.no_import_known(name) if is_typed else None)
        if not request.is_explicit and (note := self._remembered(name)):
            return Outcome(Status.DECLINED, self._with_elsewhere(name, note))
        try:
            settings = self.settings()
            outcome = self._decide(request, settings)
        except AutoinstallError as problem:
            outcome = Outcome(Status.FAILED, f"autoinstall: {problem}")
        except KeyboardInterrupt:
            outcome = Outcome(Status.FAILED, f"autoinstall: interrupted; {name} was not installed.")
        finally:
            self.screen.clear()
        if outcome.note is not None:
            # An import that could ask nobody, as in a task, may be made again by a statement that can.
            if outcome.note != self._nobody_there.get(name):
                self._this_time[name] = outcome.note
            outcome = replace(outcome, note=self._with_elsewhere(name, outcome.note))
        elif outcome.is_installed:
            # Should the import fail all the same, it is not for want of asking once more.
            self._this_time[name] = (
                f"autoinstall: {name} was installed but still cannot be imported; "
                "restart the kernel (or the program) and run it again."
            )
        return outcome

    def _decide(self, request: Request, settings: Settings) -> Outcome:
        offer = self._consider(request, request.import_name, settings)
        if isinstance(offer, Outcome):
            return offer
        way = self._way(settings, offer, request)
        if (why := self._obstacle(offer, settings)) is not None:
            note = notes.withheld(offer.advice, why, way)
            if why is Why.NOBODY:
                self._nobody_there[request.import_name] = note
            return Outcome(Status.DECLINED, note)
        offers = [offer]
        if not offer.needs_typing:
            offers += self._along(request, settings)
        before = set(self._said_no)
        outcome = self._install(offers, request, settings)
        # A part may have been declined on the way to a yes.
        parts = (offer.name for offer in offers if offer.name in self._said_no and offer.name not in before)
        return replace(outcome, declined=tuple(dict.fromkeys((*outcome.declined, *parts))))

    def _consider(self, request: Request, name: str, settings: Settings) -> Offer | Outcome:
        advice = self.machine.advise(name, settings)
        named = request.project if name == request.import_name else None
        if named is not None and (denial := self.machine.denial_of(named, settings)) is not None:
            return Outcome(Status.NOT_OFFERED, f"autoinstall: {denial}")
        if named is not None and _may_be_had(request, advice, settings):
            outright = replace(advice, verdict=Verdict.TRUSTED, project=named, candidates=[named])
            wanted = Wanted(
                import_name(name),
                named,
                request.version,
                may_change=request.allows_changes,
                may_be_young=_may_be_young(request, settings),
            )
            is_outright = request.is_explicit or advice.project != named
            return Offer(import_name(name), outright, wanted, needs_typing=False, is_outright=is_outright)
        # What lives on at the index, such as telnetlib, is had by those who ask for it and agree to what they read.
        is_offered_too = request.is_explicit and settings.mode is not Mode.AUTO
        offered = (Verdict.TRUSTED, Verdict.CHOICE, Verdict.RARE, *((Verdict.ADVICE,) if is_offered_too else ()))
        if advice.verdict in offered and advice.project is not None:
            project = advice.project
            if (proposed := dict(request.proposed).get(name)) is not None and proposed in advice.candidates:
                project = proposed
                advice = replace(advice, project=project)
            wanted = Wanted(import_name(name), project, may_change=request.allows_changes)
            return Offer(import_name(name), advice, wanted, needs_typing=advice.verdict is Verdict.RARE)
        if advice.verdict is Verdict.INSTALLED and request.is_explicit:
            self.screen.say(advice.reason)
            return Outcome(Status.PRESENT, lines=(advice.reason,), installed=(import_name(name),))
        way = self._way(settings, None, request)
        if settings.mode is Mode.AUTO and advice.project is not None:
            way = replace(way, outright={name: str(advice.project)})
        return Outcome(Status.NOT_OFFERED, notes.refused(advice, way))

    def _obstacle(self, offer: Offer, settings: Settings) -> Why | None:
        """Return what forbids even planning: the mode, or that nobody is there to say yes."""
        if settings.mode is Mode.OFF:
            return Why.OFF
        if settings.mode is Mode.AUTO:
            return Why.NOT_TRUSTED if offer.needs_typing else None
        return None if self.asker.can_ask() else Why.NOBODY

    def _along(self, request: Request, settings: Settings) -> Iterator[Offer]:
        for name in request.also:
            if not is_import_name(name) or name in self._said_no or name in self._this_time:
                continue
            offer = self._consider(request, name, settings)
            if isinstance(offer, Offer) and not offer.needs_typing and name != request.import_name:
                yield offer

    def _install(self, offers: list[Offer], request: Request, settings: Settings) -> Outcome:
        way = self._way(settings, offers[0], request)
        agreed: Plan | None = None
        for _ in range(_MOST_ROUNDS):
            offers, plan = planned(offers, settings, self.machine, self.screen)
            main = offers[0]
            if isinstance(plan, Refusal):
                if plan.obstacle is Obstacle.TOO_NEW and main.wanted.version is not None:
                    return Outcome(Status.DECLINED, notes.too_young(main.name, plan, settings.age_held_by, way))
                note = notes.not_planned(main.advice, plan, main.wanted, way)
                return Outcome(Status.FAILED, note, is_hopeless=plan.obstacle.is_everyones)
            way = self._way_of(plan, way)
            if settings.mode is Mode.ASK and plan.items and plan != agreed:
                otherwise = self._unless_agreed(plan, offers, request, way)
                if isinstance(otherwise, Outcome):
                    return otherwise
                if otherwise is not None:
                    offers = otherwise
                    continue
                agreed = plan
            done = self.machine.carry_out(plan, settings, self.screen)
            if isinstance(done, Done):
                return self._installed(done, offers, way, was_asked=agreed is not None)
            if isinstance(done, NeedsMore):
                offers = [replace(main, wanted=replace(main.wanted, requires=done.requires))]
            elif done.obstacle is not Obstacle.CHANGED:
                return Outcome(Status.FAILED, notes.failed(main.advice, done, way))
        changing = Refusal(Obstacle.CHANGED, "The environment kept changing meanwhile.")
        return Outcome(Status.FAILED, notes.failed(main.advice, changing, way))

    def _unless_agreed(
        self, plan: Plan, offers: list[Offer], request: Request, way: Way
    ) -> Outcome | list[Offer] | None:
        """Return `None` for a yes, else how it ends, or what a person has chosen to have planned instead."""
        match self._ask(plan, offers, request):
            case Answer.YES:
                return None
            case Answer.CHOOSE:
                chosen = self._choose(offers, way)
                is_kept = offers[0].name in {offer.name for offer in chosen}
                return chosen if is_kept else self._declined(offers, Why.NOT_NOW, way)
            case Answer.NO:
                return self._declined(offers, Why.SAID_NO, way)
            case Answer.NOT_NOW:
                return self._declined(offers, Why.NOT_NOW, way)

    def _ask(self, plan: Plan, offers: Sequence[Offer], request: Request) -> Answer:
        question = consent.compose(
            plan,
            self._standings(offers),
            place=self.machine.place,
            python=self.machine.python,
            asked_by=_asked_by(request),
            remarks=self._remarks(plan, offers, is_cell=request.is_cell),
            dated=self.machine.dated,
            type_in_full=offers[0].wanted.project if offers[0].needs_typing or plan.built else None,
        )
        return consent.put(question, self.asker)

    def _remarks(self, plan: Plan, offers: Sequence[Offer], *, is_cell: bool) -> list[str]:
        elsewhere = [self.machine.elsewhere(offer.name) for offer in offers]
        restart = notes.restart_afterwards(plan, is_cell=is_cell)
        said = (plan.remark, self.machine.remark, restart, *self.machine.remarks_on_size(plan), *elsewhere)
        return [remark for remark in said if remark]

    def _choose(self, offers: Sequence[Offer], way: Way) -> list[Offer]:
        """Return the offers as chosen; one that was declined is remembered as a no."""
        wanted = {offer.name: offer.wanted.project for offer in offers}
        chosen = consent.choose(wanted, self._standings(offers), self.asker) or {}
        kept = []
        for offer in offers:
            project = chosen.get(offer.name)
            if project is not None:
                advice = replace(offer.advice, project=project)
                kept.append(replace(offer, advice=advice, wanted=replace(offer.wanted, project=project)))
            elif offer.name in chosen:
                self._declined([offer], Why.SAID_NO, way)
        return kept

    def _standings(self, offers: Sequence[Offer]) -> dict[str, Standing]:
        return {
            offer.name: Standing(self.machine.rank_of(offer.wanted.project), tuple(offer.advice.candidates))
            for offer in offers
        }

    def _declined(self, offers: Sequence[Offer], why: Why, way: Way) -> Outcome:
        """Remember the answer for all that was shown: what was said of the whole was said of each."""
        remembered = self._said_no if why is Why.SAID_NO else self._this_time
        for offer in offers:
            remembered[offer.name] = notes.withheld(offer.advice, why, way)
        names = tuple(offer.name for offer in offers)
        return Outcome(Status.DECLINED, self._remembered(names[0]), declined=names)

    def _remembered(self, name: str) -> str | None:
        return self._said_no.get(name) or self._this_time.get(name)

    def _installed(self, done: Done, offers: Sequence[Offer], way: Way, *, was_asked: bool) -> Outcome:
        names = tuple(offer.name for offer in offers)
        for name in names:
            self._said_no.pop(name, None)
        if not done.plan.items:
            line = f"{', '.join(names)} is there now: it was installed from elsewhere meanwhile."
            self.screen.say(line)
            return Outcome(Status.PRESENT, lines=(line,), installed=names)
        way = replace(way, target=self.machine.target)
        asked_for = (item for item in done.plan.items if item.is_asked_for)
        projects = sorted(
            {way.calls(item.wanted_as[0] if item.wanted_as else "", item.project) for item in asked_for}
        )
        # Who was asked has read it in the question.
        remarks = () if was_asked or not done.plan.remark else (done.plan.remark,)
        by_hand = way.said_by_hand(*projects)
        lines = (*remarks, *notes.done(done.plan), by_hand, *notes.restart_now(done.plan, is_cell=way.is_cell))
        for line in lines:
            self.screen.say(line)
        return Outcome(Status.INSTALLED, lines=lines, installed=names)

    def _with_elsewhere(self, name: str, note: str) -> str:
        return notes.with_remark(note, self.machine.elsewhere(name))

    def _way(self, settings: Settings, offer: Offer | None, request: Request) -> Way:
        # Who can be asked is offered a folder of their own, and who has named one has said yes to it.
        is_offered = settings.target is not None or (settings.mode is Mode.ASK and self.asker.can_ask())
        instead = None if is_offered else self.machine.instead(is_cell=request.is_cell)
        way = Way(
            request.is_cell,
            has_pip=self.machine.has_pip,
            python="python" if request.is_cell else self.machine.command,
            instead=instead,
            outright={} if offer is None else self._outright(offer, request),
            mode=self._mode_to_say(settings, offer, request),
            held_off_by=settings.held_off_by if settings.mode is Mode.OFF else "",
        )
        if offer is None or (known := self.machine.conda(offer.wanted.project, settings)) is None:
            return way
        conda, name = known
        return replace(way, conda=conda, prefix=self.machine.place, called={offer.name: name})

    def _outright(self, offer: Offer, request: Request) -> Mapping[str, str]:
        """Return what the commands in a note have to name beside the import: what a person named themselves."""
        # Where nobody is there to agree to what the table does not vouch for, its name can be said in the command.
        is_vouched_for = offer.advice.verdict in (Verdict.TRUSTED, Verdict.CHOICE)
        is_to_be_named = not is_vouched_for and request.is_explicit and not self.asker.can_ask()
        return {offer.name: offer.said} if offer.is_outright or is_to_be_named else {}

    def _mode_to_say(self, settings: Settings, offer: Offer | None, request: Request) -> Mode | None:
        """Return the mode without which our command, typed once more, would only lead to the same note."""
        if request.is_explicit and not self.asker.can_ask():
            return None if request.is_cell and settings.mode is Mode.AUTO else Mode.AUTO
        if settings.mode is Mode.OFF or (settings.mode is Mode.AUTO and offer is not None and offer.needs_typing):
            return Mode.ASK
        return Mode.AUTO if settings.mode is Mode.AUTO and self.mode and not request.is_cell else None

    def _way_of(self, plan: Plan, way: Way) -> Way:
        """Return how a person does by hand what was planned: by the tool that found it, and as that one calls it."""
        conda = plan.installer if plan.is_of_conda else None
        called: dict[str, str] = {name: str(item.project) for item in plan.items for name in item.wanted_as}
        return replace(
            way,
            conda=conda,
            prefix=self.machine.place,
            called=called,
            has_changes=bool(plan.changes),
            is_ours=bool(plan.built),
        )


def _asked_by(request: Request) -> str | None:
    if request.asked_by or request.is_explicit:
        return request.asked_by
    return "This cell" if request.is_cell else "This program"


def _may_be_had(request: Request, advice: Advice, settings: Settings) -> bool:
    """Tell whether a project that was named past the table may be installed; a person who types is not held back."""
    if request.is_explicit:
        return advice.verdict is not Verdict.DENIED
    is_allowed = settings.allow is None or request.project in settings.allow
    is_to_be_had = advice.verdict not in (Verdict.DENIED, Verdict.INSTALLED)
    return is_to_be_had and is_allowed and request.project not in settings.deny


def _may_be_young(request: Request, settings: Settings) -> bool:
    """Tell whether a version is had however young it is: a person has named it, and will read its age."""
    return request.version is not None and settings.mode is Mode.ASK and not settings.age_held_by


def _text(value: object) -> str | None:
    return None if value is None else str(value)
