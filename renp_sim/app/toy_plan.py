"""What toys are asked for: a run file, a question and exposures, as a campaign."""

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import blake2b
from importlib.metadata import version
from json import dumps
from typing import Any

import numpy as np

from renp_sim.analysis.floating import Setup
from renp_sim.analysis.infer.compare import Comparison
from renp_sim.analysis.likelihood.scaled_model import longer
from renp_sim.analysis.toys.campaign import ALTERNATIVE, TRUTH, Campaign
from renp_sim.app.compare import setup_of, setups_of
from renp_sim.app.experiment import Experiment, hypothesis_of_run, require_factors
from renp_sim.app.fitting import model_of
from renp_sim.app.question import Question
from renp_sim.errors import ConfigError
from renp_sim.ntuple.toy_reader import decided_by
from renp_sim.ntuple.toy_schema import toy_tree
from renp_sim.production.generate import provenance_of
from renp_sim.production.step_rows import run_row
from renp_sim.runfile.run import Run

__all__ = ["DRAWN", "ToyPlan", "plan_toys"]

DRAWN = {"truth": (TRUTH,), "alternative": (ALTERNATIVE,), "both": (TRUTH, ALTERNATIVE)}
"""Hypotheses under which toys are drawn, by what the command line calls them."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ToyPlan:
    """A campaign and what a file says of it.

    Parameters
    ----------
    run
        What it says is the truth.
    campaign
        What makes the rows.
    fingerprint
        The same of all campaigns whose toys belong together.
    row
        The row of `runs`, of which the file of the toys is.
    """

    run: Run
    campaign: Campaign
    fingerprint: str
    row: dict[str, Any]

    @property
    def decided_by(self) -> dict[str, Any]:
        """What decides the toys, by name."""
        return decided_by(self.run.resolved(), self.row["provenance"])


def plan_toys(
    run: Run,
    question: Question,
    asked: str | None = None,
    *,
    factors: Sequence[float] = (1.0,),
    drawn: str = "both",
) -> ToyPlan:
    """Return the campaign of a run file.

    Parameters
    ----------
    run
        What it says is the truth.
    question
        What floats in the fits.
    asked
        "ordering", "nature" or NAME=VALUE: toys are drawn under the alternative too, and fitted by both.
    factors
        Exposures, on all durations; a toy goes on from one to the next.
    drawn
        A key of `DRAWN`; without a question it is the truth.

    Raises
    ------
    ConfigError
        If the question is none, or exposures are not positive or given twice.
    """
    if not factors or any(not f > 0 for f in factors) or len(set(factors)) < len(factors):
        given = ",".join(f"{f:g}" for f in factors)
        raise ConfigError(f"--exposure {given}: write positive factors, each once, such as 0.5,1,2")
    require_factors(factors, "--exposure")
    if asked is None and drawn == "alternative":
        raise ConfigError("--hypothesis alternative: there is one only where a --question is asked")
    experiment, rising = Experiment.of(run), tuple(sorted(float(f) for f in factors))
    setups, labels = _hypotheses(experiment, question, asked, rising)
    campaign = Campaign(
        seed=run.config.run.seed,
        factors=rising,
        setups=tuple(setups),
        drawn=DRAWN[drawn if asked is not None else "truth"],
    )
    toy_tree(campaign.parameters)
    table = run.resolved()
    del table["output"]
    decides = [table, asked, rising, campaign.drawn, repr(question), version("renp-sim"), np.__version__]
    fingerprint = blake2b(dumps(decides, sort_keys=True).encode(), digest_size=16).hexdigest()
    about = {
        "question": asked,
        "hypotheses": labels,
        "normalisation": question.normalisation_text,
        "exposures": _times(run, experiment, rising),
        **_about(campaign),
    }
    nothing = np.zeros(experiment.exposure.n_steps, dtype=np.int64)
    steps = {
        "n_recorded": nothing,
        "n_generated": nothing,
        "live_time_s": experiment.exposure.live_time_s,
    }
    row = run_row(run, steps, n_events=0, is_poisson=True)
    provenance = provenance_of(fingerprint) | {"toys": about}
    return ToyPlan(run=run, campaign=campaign, fingerprint=fingerprint, row=row | {"provenance": provenance})


def _hypotheses(
    experiment: Experiment, question: Question, asked: str | None, factors: Sequence[float]
) -> tuple[list[tuple[Setup, ...]], tuple[str, ...]]:
    """Return the hypotheses at each exposure and their names, each at its best fit to what is expected."""
    own = hypothesis_of_run(experiment)
    if asked is None:
        setup = setup_of(experiment, question, own)
        return [(longer(setup, factor),) for factor in factors], (own.label,)
    truth, alternative, labels = setups_of(experiment, question, asked)
    model = model_of(experiment, own)
    here = Comparison.of(model.expected(experiment.theta_true(model)), truth, alternative)
    each = [here.longer(factor) for factor in factors]
    return [(both.truth, both.alternative) for both in each], labels


def _about(campaign: Campaign) -> dict[str, Any]:
    """Return what a reader must know of the rows; `truths` by exposure and hypothesis."""
    return {
        "drawn": campaign.drawn,
        "parameters": campaign.parameters,
        "rows_per_toy": campaign.rows_per_toy,
        "truths": [
            [{name: float(s.theta[s.index(name)]) for name in s.names} for s in setups]
            for setups in campaign.setups
        ],
    }


def _times(run: Run, experiment: Experiment, factors: Sequence[float]) -> list[dict[str, float]]:
    """Return live time of coherent steps and wall time of each exposure; settling stays as it is."""
    live_s = float(np.sum(experiment.exposure.live_time_s[experiment.exposure.coherence > 0]))
    open_s = float(np.sum(run.schedule.duration_s))
    settling_s = run.schedule.wall_time_s - open_s
    return [{"factor": f, "live_time_s": f * live_s, "wall_time_s": f * open_s + settling_s} for f in factors]
