"""What may be offered for missing imports, and which of the offers can be had together."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from autoinstall.advice import Advice
from autoinstall.names import ImportName
from autoinstall.plan import Obstacle, Plan, Refusal, Wanted
from autoinstall.roles import Machine, Screen
from autoinstall.settings import Mode, Settings
from autoinstall.text import version_as_text


@dataclass(frozen=True, slots=True)
class Offer:
    """An import name that leads to a project which may be had; `is_outright`: one that the table does not lead to."""

    name: ImportName
    advice: Advice
    wanted: Wanted
    needs_typing: bool
    is_outright: bool = False

    @property
    def said(self) -> str:
        """The project as it is named to a tool, with the version where one was asked for."""
        version = f"=={version_as_text(self.wanted.version)}" if self.wanted.version else ""
        return f"{self.wanted.project}{version}"


def planned(
    offers: list[Offer], settings: Settings, machine: Machine, screen: Screen
) -> tuple[list[Offer], Plan | Refusal]:
    """Plan for all offers; where one of them is not to be had, for the first and whatever goes with it.

    What has no wheel is planned with its source code, alone, if somebody is there who may agree to a build.
    """

    def together(some: Sequence[Offer]) -> Plan | Refusal:
        screen.progress(f"finding what {', '.join(offer.wanted.project for offer in some)} needs")
        return machine.plan([offer.wanted for offer in some], settings, screen)

    def to_be_had(some: list[Offer]) -> list[Offer]:
        """Return those that can be planned; halving finds the few that cannot with few plans."""
        if isinstance(together(some), Plan):
            return some
        half = len(some) // 2
        parts = (some[:half], some[half:]) if half else ()
        return [offer for part in parts for offer in to_be_had(part)]

    plan = together(offers)
    if isinstance(plan, Plan) or (len(offers) > 1 and plan.obstacle.is_everyones):
        return offers, plan
    if len(offers) == 1:
        return _with_a_build(offers[0], plan, settings, machine, screen)
    # The import that stands still comes first.
    first, plan = planned(offers[:1], settings, machine, screen)
    if isinstance(plan, Plan) and not plan.built:
        rest = [*first, *to_be_had(offers[1:])]
        # As many as before: each can be had, but not with the others.
        if 1 < len(rest) < len(offers) and isinstance(both := together(rest), Plan):
            return rest, both
    return first, plan


def _with_a_build(
    offer: Offer, refusal: Refusal, settings: Settings, machine: Machine, screen: Screen
) -> tuple[list[Offer], Plan | Refusal]:
    wanted = offer.wanted
    if refusal.obstacle is Obstacle.NO_WHEEL and settings.mode is Mode.ASK and not wanted.may_be_built:
        with_source = replace(offer, wanted=replace(wanted, may_be_built=True))
        built = machine.plan([with_source.wanted], settings, screen)
        if isinstance(built, Plan):
            return [with_source], built
    return [offer], refusal
