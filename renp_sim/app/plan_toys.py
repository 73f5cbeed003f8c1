"""Toys that confirm a plan: how long it and another schedule need, with the same random numbers."""

from dataclasses import dataclass
from math import hypot
from typing import Any

from renp_sim.app.compare import CompareMethod
from renp_sim.app.exposure import exposure_needed
from renp_sim.app.separations import Asking
from renp_sim.errors import ConfigError
from renp_sim.parallel.executor import Executor
from renp_sim.runfile.run import Run

__all__ = ["ToyGain", "require_hypotheses", "toy_gain"]

POWER = 0.5
"""An Asimov set stands for the median experiment."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ToyGain:
    """Coherent live times at which half of the toys exclude the alternative.

    Parameters
    ----------
    n_toys
        At each of the exposures that are looked at first.
    planned_s, planned_error_s, given_s, given_error_s
        Of the plan and of the given schedule, s, with their Monte Carlo errors; None where never reached.
    """

    n_toys: int
    planned_s: float | None
    planned_error_s: float | None
    given_s: float | None
    given_error_s: float | None

    def as_dict(self) -> dict[str, Any]:
        """Return the numbers and their ratio; its error takes both to be independent."""
        table: dict[str, Any] = {"n_toys": self.n_toys, "power": POWER}
        table |= {name: getattr(self, name) for name in self.__slots__ if name != "n_toys"}
        table |= {"gain": None, "gain_error": None}
        if self.planned_s and self.given_s:
            gain = self.given_s / self.planned_s
            errors = ((self.planned_error_s or 0) / self.planned_s, (self.given_error_s or 0) / self.given_s)
            table |= {"gain": gain, "gain_error": gain * hypot(*errors)}
        return table


def require_hypotheses(asking: Asking) -> None:
    """Raise ConfigError if a parameter is to be measured: toys tell hypotheses apart."""
    if asking.error is not None:
        raise ConfigError("--toys: with --error there are none to be told apart; `pulls` shows intervals")


def toy_gain(
    planned: Run,
    given: Run,
    asking: Asking,
    *,
    n_toys: int,
    precision: float,
    executor: Executor | None = None,
) -> ToyGain:
    """Return what toys say of two schedules; both are counted from the seed of their runs.

    No result depends on the executor.

    Raises
    ------
    ConfigError
        If a parameter is to be measured: toys tell hypotheses apart.
    """
    require_hypotheses(asking)
    planned_s, planned_error_s = _needed(planned, asking, n_toys, precision, executor)
    given_s, given_error_s = _needed(given, asking, n_toys, precision, executor)
    return ToyGain(
        n_toys=n_toys,
        planned_s=planned_s,
        planned_error_s=planned_error_s,
        given_s=given_s,
        given_error_s=given_error_s,
    )


def _needed(
    run: Run, asking: Asking, n_toys: int, precision: float, executor: Executor | None
) -> tuple[float | None, float | None]:
    """Return a live time, s, and its error."""
    answer = exposure_needed(
        run,
        asking.question,
        asking.asked,
        significance=asking.significance,
        powers=(POWER,),
        methods=(CompareMethod.TOYS,),
        n_toys=n_toys,
        precision=precision,
        with_curve=False,
        executor=executor,
    )
    (found,) = answer.results
    if found.live_time_s is None or found.factor is None or found.factor_error is None:
        return found.live_time_s, None
    return found.live_time_s, found.live_time_s * found.factor_error / found.factor
