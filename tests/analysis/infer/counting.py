"""One step with a signal that scales with the normalisation, and a background."""

from renp_sim.analysis.data import Exposure
from renp_sim.analysis.floating import Setup
from renp_sim.physics.atom import known_atoms
from renp_sim.physics.neutrino import Ordering, Oscillation
from renp_sim.physics.target import Target
from renp_sim.prediction.expected_counts import ExpectedCounts

__all__ = ["counting_setup"]


def counting_setup(signal: float, background: float, error_rel: float = 0.0) -> Setup:
    """Return μ = signal · normalisation + background, the background constrained where it has an error."""

    def model(gamma0_hz: float) -> ExpectedCounts:
        exposure = Exposure.of(
            omega_eV=1.0688,
            live_time_s=1.0,
            gamma0_hz=gamma0_hz,
            components=["dark"],
            background_rate_hz=[[background]],
            background_error_hz=[[error_rel * background]],
            background_present=[[True]],
        )
        return ExpectedCounts(
            exposure=exposure,
            target=Target(atom=known_atoms()["Yb"]),
            oscillation=Oscillation.nufit(Ordering.NORMAL),
            offered=("normalisation", "background.dark"),
        )

    one = model(1.0)
    unit = float(one.expected([1.0, 0.0])[0])  # type: ignore[arg-type]
    constrain = {"background.dark": None} if error_rel else {}
    return Setup.of(model(signal / unit), free=["normalisation"], constrain=constrain)
