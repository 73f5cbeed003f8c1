"""Monte Carlo event simulator for atomic Radiative Emission of Neutrino Pairs (RENP).

The names below are the public interface; they load what they need when they are first used.

>>> import renp_sim
>>> run = renp_sim.load("gp23_three_frequencies")
>>> renp_sim.rate_of_schedule(run).expected_counts.round(2).tolist()
[25.03, 19.47, 17.82]
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from renp_sim.analysis.data import Exposure
    from renp_sim.analysis.infer.batch import fit_batch
    from renp_sim.analysis.infer.fit import fit
    from renp_sim.analysis.infer.profile import profile
    from renp_sim.analysis.spectrum.measured import measured_spectrum
    from renp_sim.analysis.spectrum.thresholds import search_thresholds
    from renp_sim.app.fitting import fit_data, read_data
    from renp_sim.app.question import Question
    from renp_sim.app.rates import rate_at, rate_of_schedule
    from renp_sim.app.report import run_all
    from renp_sim.ntuple.reader import iterate_events, read_tables
    from renp_sim.prediction.expected_counts import ExpectedCounts
    from renp_sim.prediction.exposure import exposure_of
    from renp_sim.prediction.pseudo_data import asimov, toys
    from renp_sim.production.generate import generate
    from renp_sim.runfile.run import load

__all__ = [
    "ExpectedCounts",
    "Exposure",
    "Question",
    "asimov",
    "exposure_of",
    "fit",
    "fit_batch",
    "fit_data",
    "generate",
    "iterate_events",
    "load",
    "measured_spectrum",
    "profile",
    "rate_at",
    "rate_of_schedule",
    "read_data",
    "read_tables",
    "run_all",
    "search_thresholds",
    "toys",
]

_HOME = {
    "ExpectedCounts": "renp_sim.prediction.expected_counts",
    "Exposure": "renp_sim.analysis.data",
    "Question": "renp_sim.app.question",
    "asimov": "renp_sim.prediction.pseudo_data",
    "exposure_of": "renp_sim.prediction.exposure",
    "fit": "renp_sim.analysis.infer.fit",
    "fit_batch": "renp_sim.analysis.infer.batch",
    "fit_data": "renp_sim.app.fitting",
    "generate": "renp_sim.production.generate",
    "iterate_events": "renp_sim.ntuple.reader",
    "load": "renp_sim.runfile.run",
    "measured_spectrum": "renp_sim.analysis.spectrum.measured",
    "profile": "renp_sim.analysis.infer.profile",
    "rate_at": "renp_sim.app.rates",
    "rate_of_schedule": "renp_sim.app.rates",
    "read_data": "renp_sim.app.fitting",
    "read_tables": "renp_sim.ntuple.reader",
    "run_all": "renp_sim.app.report",
    "search_thresholds": "renp_sim.analysis.spectrum.thresholds",
    "toys": "renp_sim.prediction.pseudo_data",
}


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'renp_sim' has no attribute {name!r}")
    return getattr(import_module(_HOME[name]), name)
