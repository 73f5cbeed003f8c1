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
    from renp_sim.analysis.data import Exposure as Exposure
    from renp_sim.analysis.floating import Treatment as Treatment
    from renp_sim.analysis.infer.batch import fit_batch as fit_batch
    from renp_sim.analysis.infer.fit import fit as fit
    from renp_sim.analysis.infer.profile import profile as profile
    from renp_sim.analysis.model import Constraint as Constraint
    from renp_sim.analysis.spectrum.measured import measured_spectrum as measured_spectrum
    from renp_sim.analysis.spectrum.thresholds import search_thresholds as search_thresholds
    from renp_sim.app.compare import CompareMethod as CompareMethod
    from renp_sim.app.compare import compare as compare
    from renp_sim.app.data import read_data as read_data
    from renp_sim.app.excess import find_excess as find_excess
    from renp_sim.app.excess_places import ExcessKind as ExcessKind
    from renp_sim.app.exposure import exposure_needed as exposure_needed
    from renp_sim.app.fitting import fit_data as fit_data
    from renp_sim.app.identify import identify as identify
    from renp_sim.app.limit import LimitMethod as LimitMethod
    from renp_sim.app.limit import limit_of as limit_of
    from renp_sim.app.optimise import Wish as Wish
    from renp_sim.app.optimise import optimised as optimised
    from renp_sim.app.plan import Prior as Prior
    from renp_sim.app.question import Masses as Masses
    from renp_sim.app.question import Normalisation as Normalisation
    from renp_sim.app.question import Question as Question
    from renp_sim.app.rates import rate_at as rate_at
    from renp_sim.app.rates import rate_of_schedule as rate_of_schedule
    from renp_sim.app.report import run_all as run_all
    from renp_sim.app.scan import scan_of as scan_of
    from renp_sim.app.sensitivity import sensitivity_of as sensitivity_of
    from renp_sim.app.separations import Asking as Asking
    from renp_sim.app.subject import subject_of as subject_of
    from renp_sim.ntuple.reader import iterate_events as iterate_events
    from renp_sim.ntuple.reader import read_tables as read_tables
    from renp_sim.physics.neutrino import Nature as Nature
    from renp_sim.physics.neutrino import Ordering as Ordering
    from renp_sim.prediction.expected_counts import ExpectedCounts as ExpectedCounts
    from renp_sim.prediction.exposure import exposure_of as exposure_of
    from renp_sim.prediction.pseudo_data import asimov as asimov
    from renp_sim.prediction.pseudo_data import toys as toys
    from renp_sim.production.generate import generate as generate
    from renp_sim.runfile.run import load as load

_HOME = {
    "Asking": "renp_sim.app.separations",
    "CompareMethod": "renp_sim.app.compare",
    "Constraint": "renp_sim.analysis.model",
    "ExcessKind": "renp_sim.app.excess_places",
    "ExpectedCounts": "renp_sim.prediction.expected_counts",
    "Exposure": "renp_sim.analysis.data",
    "LimitMethod": "renp_sim.app.limit",
    "Masses": "renp_sim.app.question",
    "Nature": "renp_sim.physics.neutrino",
    "Normalisation": "renp_sim.app.question",
    "Ordering": "renp_sim.physics.neutrino",
    "Prior": "renp_sim.app.plan",
    "Question": "renp_sim.app.question",
    "Treatment": "renp_sim.analysis.floating",
    "Wish": "renp_sim.app.optimise",
    "asimov": "renp_sim.prediction.pseudo_data",
    "compare": "renp_sim.app.compare",
    "exposure_needed": "renp_sim.app.exposure",
    "exposure_of": "renp_sim.prediction.exposure",
    "find_excess": "renp_sim.app.excess",
    "fit": "renp_sim.analysis.infer.fit",
    "fit_batch": "renp_sim.analysis.infer.batch",
    "fit_data": "renp_sim.app.fitting",
    "generate": "renp_sim.production.generate",
    "identify": "renp_sim.app.identify",
    "iterate_events": "renp_sim.ntuple.reader",
    "limit_of": "renp_sim.app.limit",
    "load": "renp_sim.runfile.run",
    "measured_spectrum": "renp_sim.analysis.spectrum.measured",
    "optimised": "renp_sim.app.optimise",
    "profile": "renp_sim.analysis.infer.profile",
    "rate_at": "renp_sim.app.rates",
    "rate_of_schedule": "renp_sim.app.rates",
    "read_data": "renp_sim.app.data",
    "read_tables": "renp_sim.ntuple.reader",
    "run_all": "renp_sim.app.report",
    "scan_of": "renp_sim.app.scan",
    "search_thresholds": "renp_sim.analysis.spectrum.thresholds",
    "sensitivity_of": "renp_sim.app.sensitivity",
    "subject_of": "renp_sim.app.subject",
    "toys": "renp_sim.prediction.pseudo_data",
}

__all__ = list(_HOME)


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'renp_sim' has no attribute {name!r}")
    return getattr(import_module(_HOME[name]), name)
