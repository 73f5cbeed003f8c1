"""Whether thresholds tell coupling elements apart."""

from pathlib import Path

import numpy as np
import pytest

from renp_sim.app.experiment import Experiment
from renp_sim.app.identify import Identification, identify, write_identification
from renp_sim.app.question import Normalisation, Question
from renp_sim.errors import ConfigError
from renp_sim.runfile.run import load

SIX = "1.069, 1.07, 1.0708, 1.0712, 1.0716, 1.07164"
MOMENTS = "interaction={model='em_moments', magnetic_muB={33=5e-11}, electric_muB={33=1e-10}}"


def found(
    omegas: str, question: Question | None = None, exposures: tuple[float, ...] = (1.0,)
) -> Identification:
    days = 86_400.0 * 30 * (omegas.count(",") + 1)
    scan = f"laser.scan=[{{omegas_eV=[{omegas}], total_duration_s={days}}}]"
    run = load("gp23_three_frequencies", (scan, MOMENTS))
    return identify(Experiment.of(run), question or Question(), exposures)


def test_the_truth_explains_itself_and_evidence_grows_with_exposure() -> None:
    result = found(SIX, exposures=(1.0, 10.0))
    own = [result.explanations.index(name) for name in result.true]
    assert result.delta_q[:, [0, 1], own] == pytest.approx(0.0, abs=1e-6)
    assert result.best[0, [0, 1], own] == pytest.approx(list(result.true.values()), rel=1e-4, abs=0)
    others = np.delete(result.delta_q, own, axis=2)
    assert np.all(others > 0.1)
    assert result.delta_q[1] == pytest.approx(10 * result.delta_q[0], rel=1e-4, abs=1e-5)


def test_one_frequency_far_below_separates_magnetic_from_electric() -> None:
    """GP23's claim of 1.068 eV: with a free normalisation μ33 and ε33 are told apart by it."""
    question = Question(normalisation=Normalisation.FREE)

    def told_apart(omegas: str) -> float:
        result = found(omegas, question)
        electric = result.explanations.index("interaction.electric_muB.33")
        magnetic = list(result.true).index("interaction.magnetic_muB.33")
        return float(result.delta_q[0, magnetic, electric])

    assert told_apart(f"1.068, {SIX}") > 2 * told_apart(SIX)


def test_files_and_mistakes(tmp_path: Path) -> None:
    result = found("1.068, 1.0699")
    files = write_identification(result, tmp_path / "out")
    assert len(files[0].read_text().splitlines()) == 2 + len(result.true) * len(result.explanations)
    with pytest.raises(ConfigError, match="nothing to identify"):
        identify(Experiment.of(load("gp23_three_frequencies")), Question())
    with pytest.raises(ConfigError, match="--exposure"):
        found("1.068, 1.0699", exposures=(0.0,))


SCALAR = ("interaction.model=scalar_mediator", "interaction.mass_eV=1.0", "interaction.y_electron=1")


def test_what_a_target_cannot_see_is_not_identified() -> None:
    """Every scalar passed to transverse spins, at Δ(−2 ln L) of 1e-15; the twin has isotropic ones."""
    settings = (*SCALAR, "interaction.y_scalar={11=1e-16}")
    blind = load("gp23_three_frequencies", (*settings, "target.spin_tensor=transverse"))
    with pytest.raises(ConfigError, match=r"not visible: no expected count depends on y_scalar\.11"):
        identify(Experiment.of(blind), Question())
    twin = identify(Experiment.of(load("gp23_three_frequencies", settings)), Question())
    assert not any("not visible" in note for note in twin.notes)
    assert len(twin.explanations) > 1
