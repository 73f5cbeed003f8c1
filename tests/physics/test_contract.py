"""What every registered interaction must do; a new one needs an entry in EXAMPLES and nothing else here."""

import json
import pickle
import re
from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from renp_sim.errors import ConfigError
from renp_sim.physics.couplings import NO_COUPLINGS, CouplingMatrix
from renp_sim.physics.interactions import (
    INTERACTIONS,
    ElectromagneticMoments,
    Interaction,
    ScalarFormula,
    ScalarMediator,
    StandardModel,
    VectorMediator,
    interaction_named,
)
from renp_sim.physics.neutrino import Nature, Ordering
from renp_sim.physics.rates import checked_bracket, pair_spectrum, spectral_function
from tests.physics.gp23 import E_EG, YB, emission, kinematics, matrix


@dataclass(frozen=True)
class Example:
    """An interaction strong enough to be seen beside the Standard Model.

    `couplings` names the matrices and their scale; `complex_for` the natures that allow complex elements,
    `diagonal_for` those that allow diagonal ones.
    """

    interaction: Interaction
    couplings: dict[str, float]
    complex_for: tuple[Nature, ...] = tuple(Nature)
    diagonal_for: tuple[Nature, ...] = tuple(Nature)
    mirrored: Callable[[Any], Interaction] = lambda interaction: interaction
    """The interaction under C, which turns ν_i ν̄_j into ν_j ν̄_i: (j, i) at −c is its (i, j) at c."""


def opposite(couplings: CouplingMatrix) -> CouplingMatrix:
    return CouplingMatrix(tuple((name, -value) for name, value in couplings.entries))


EXAMPLES = {
    StandardModel: Example(StandardModel(), {}),
    VectorMediator: Example(
        VectorMediator(
            mass_eV=0.03,
            g_electron=1e-12,
            width_eV=0.0,
            longitudinal=True,
            g_left=matrix(e12=8e-15, e13=-4e-15),
            g_right=matrix(e12=6e-15, e23=9e-15),
        ),
        {"g_left": 1e-14, "g_right": 1e-14},
    ),
    ScalarMediator: Example(
        ScalarMediator(
            mass_eV=0.03,
            y_electron=1e-6,
            width_eV=0.0,
            y_scalar=matrix(e12=2e-13, e33=-1e-13),
            y_pseudoscalar=matrix(e13=2e-13, e22=3e-13),
        ),
        {"y_scalar": 3e-13, "y_pseudoscalar": 3e-13},
        complex_for=(Nature.DIRAC,),
    ),
    ElectromagneticMoments: Example(
        ElectromagneticMoments(magnetic_muB=matrix(e12=4e-11), electric_muB=matrix(e23=3e-11)),
        {"magnetic_muB": 4e-11, "electric_muB": 4e-11},
        complex_for=(Nature.DIRAC,),
        diagonal_for=(Nature.DIRAC,),
        # the photon is odd under C and the axial current is even: their interference changes its sign
        mirrored=lambda m: replace(
            m, magnetic_muB=opposite(m.magnetic_muB), electric_muB=opposite(m.electric_muB)
        ),
    ),
}
OMEGAS = np.array([0.3, 1.0688, 1.0711])
PHASES = {"alpha21_deg": 70.0, "alpha31_deg": 200.0}
each_kind = pytest.mark.parametrize("kind", INTERACTIONS, ids=lambda kind: kind.name)
each_nature = pytest.mark.parametrize("nature", Nature)


def phases(nature: Nature) -> dict[str, float]:
    return PHASES if nature is Nature.MAJORANA else {}


def brackets(interaction: Interaction, nature: Nature, omega: Any = OMEGAS, **world: Any) -> np.ndarray:
    """Return A0, A1, A2 along the first axis, 0 where closed."""
    emitted = emission(interaction, nature=nature, **phases(nature), **world)
    return np.stack(checked_bracket(kinematics(omega, emitted), emitted))


def test_every_interaction_has_an_example() -> None:
    assert set(EXAMPLES) == set(INTERACTIONS)
    assert [kind.name for kind in INTERACTIONS] == [
        "standard_model",
        "vector_mediator",
        "scalar_mediator",
        "em_moments",
    ]


@each_kind
def test_names_find_their_interaction(kind: type[Interaction]) -> None:
    assert interaction_named(kind.name) is kind
    assert isinstance(EXAMPLES[kind].interaction, Interaction)
    with pytest.raises(ConfigError, match=rf"interaction.model = .*did you mean '{kind.name}'"):
        interaction_named(kind.name[:-1])


def test_nothing_is_near_nonsense() -> None:
    with pytest.raises(ConfigError, match=r"no such model; known: standard_model, .*em_moments$"):
        interaction_named("xyz")


@each_kind
@each_nature
def test_shapes(kind: type[Interaction], nature: Nature) -> None:
    example = EXAMPLES[kind].interaction
    emitted = emission(example, nature=nature, lightest_mass_eV=np.array([0.01, 0.05]))
    for omega, shape in ((1.0, (2, 3, 3)), (OMEGAS, (2, 3, 3, 3))):
        for coefficient in checked_bracket(kinematics(omega, emitted), emitted):
            assert coefficient.shape == shape
            assert coefficient.dtype == np.float64


@each_kind
@each_nature
@pytest.mark.parametrize("f_l", [0.0, 1 / 3, 1.0])
def test_vanishing_couplings_are_the_standard_model(
    kind: type[Interaction], nature: Nature, f_l: float
) -> None:
    example = EXAMPLES[kind]
    none = replace(example.interaction, **dict.fromkeys(example.couplings, NO_COUPLINGS))
    standard = brackets(StandardModel(), nature, f_l=f_l)
    assert np.allclose(brackets(none, nature, f_l=f_l), standard, rtol=0, atol=1e-14 * standard.max())
    if example.couplings and f_l == 1 / 3:
        assert not np.allclose(brackets(example.interaction, nature), standard, rtol=1e-2, atol=0)


@each_kind
@each_nature
@pytest.mark.parametrize("f_l", [0.0, 1 / 3, 0.8])
def test_pairs_and_their_conjugates(kind: type[Interaction], nature: Nature, f_l: float) -> None:
    """B_ji(−c) of the C-mirrored interaction is B_ij(c), Γ = 0 or couplings without relative phases."""
    example = EXAMPLES[kind]
    mirrored = example.mirrored(example.interaction)
    a0, a1, a2 = brackets(example.interaction, nature, f_l=f_l)
    b0, b1, b2 = brackets(mirrored, nature, f_l=f_l).mT
    # b comes in as (ω, i, j) with i and j exchanged
    scale = 1e-13 * max(np.max(np.abs(a0)), 1.0)
    assert np.allclose(b0, a0, rtol=0, atol=scale)
    assert np.allclose(b1, -a1, rtol=0, atol=scale)
    assert np.allclose(b2, a2, rtol=0, atol=scale)
    assert np.max(np.abs(a1)) > 0 or f_l == 0


@each_kind
@each_nature
def test_zero_above_thresholds_and_continuous_at_them(kind: type[Interaction], nature: Nature) -> None:
    emitted = emission(EXAMPLES[kind].interaction, nature=nature, **phases(nature))
    thresholds = emitted.neutrinos.thresholds_eV(E_EG)
    for i in range(3):
        for j in range(3):
            near = thresholds[i, j] - np.array([1.6e-8, 4e-9, 1e-9, -1e-9, -1e-3])
            rate = spectral_function(near, emitted)[:, i, j]
            assert np.all(rate[3:] == 0)
            # Δ falls as a square root to 0, and the bracket is at most constant
            assert np.all((rate[1:3] > 0) & (rate[1:3] <= 0.51 * rate[:2]))


@each_kind
@each_nature
@pytest.mark.parametrize("f_l", [0.0, 1 / 3, 0.8])
def test_order_of_integration(kind: type[Interaction], nature: Nature, f_l: float) -> None:
    """Over c first, or over the energy of ν_i first and then both: the same rate."""
    emitted = emission(EXAMPLES[kind].interaction, nature=nature, f_l=f_l, **phases(nature))
    k = kinematics(1.06, emitted)
    bracket = checked_bracket(k, emitted)
    x, w = np.polynomial.legendre.leggauss(5)
    middle, half = k.q0_eV * (1 + k.d) / 2, k.omega_eV * k.delta / 2
    energy = middle + half * x[:, None, None]
    c = (energy - middle) / half
    density = (bracket[0] + bracket[1] * c + bracket[2] * c**2) / (2 * half)  # dB/dE
    by_energy = np.tensordot(w, density, axes=1) * half * k.delta / (YB.e_vg_eV - 1.06) ** 2
    assert np.allclose(pair_spectrum(k, bracket, YB.e_vg_eV), by_energy, rtol=1e-12, atol=1e-17)


def random_matrices(example: Example, nature: Nature, numbers: list[float]) -> dict[str, CouplingMatrix]:
    """Return a matrix per coupling from numbers in [−1, 1], as complex and as diagonal as allowed."""
    draw = iter(numbers)
    found = {}
    for key, scale in example.couplings.items():
        table: dict[str, Any] = {}
        for name in ("11", "12", "13", "22", "23", "33"):
            re, im = scale * next(draw), scale * next(draw)
            if name[0] != name[1]:
                table[name] = [re, im] if nature in example.complex_for else re
            elif nature in example.diagonal_for:
                table[name] = re
        found[key] = CouplingMatrix.from_elements(table)
    return found


@each_kind
@given(
    nature=st.sampled_from(list(Nature)),
    ordering=st.sampled_from(list(Ordering)),
    numbers=st.lists(st.floats(-1, 1), min_size=24, max_size=24),
    magnitude=st.sampled_from([0.1, 1.0, 30.0, 1e4]),
    f_l=st.floats(0, 1),
    omega=st.floats(0.01, 1.0717),
    lightest=st.sampled_from([0.0, 0.002, 0.01, 0.1]),
    phase=st.floats(0, 360),
)
def test_bracket_is_never_negative(
    kind: type[Interaction],
    nature: Nature,
    ordering: Ordering,
    numbers: list[float],
    magnitude: float,
    f_l: float,
    omega: float,
    lightest: float,
    phase: float,
) -> None:
    example = EXAMPLES[kind]
    interaction = replace(
        example.interaction, **random_matrices(example, nature, [magnitude * x for x in numbers])
    )
    if isinstance(interaction, VectorMediator | ScalarMediator):
        interaction = replace(interaction, width_eV=[0.0, 1e-3][int(phase) % 2])
    changes = {"alpha21_deg": phase, "alpha31_deg": 360 - phase} if nature is Nature.MAJORANA else {}
    emitted = emission(
        interaction, nature=nature, ordering=ordering, lightest_mass_eV=lightest, f_l=f_l, **changes
    )
    k = kinematics(omega, emitted)
    a0, a1, a2 = checked_bracket(k, emitted)  # raises below −1e-12 max|A_k|
    scale = np.max(np.abs([a0, a1, a2]), axis=0)
    for c in (-1.0, -0.5, 0.0, 0.5, 1.0):
        assert np.all(a0 + a1 * c + a2 * c**2 >= -1e-12 * scale)
    assert np.all(pair_spectrum(k, (a0, a1, a2), YB.e_vg_eV) >= 0)


@each_kind
@each_nature
def test_batch_over_parameters_is_a_loop(kind: type[Interaction], nature: Nature) -> None:
    example = EXAMPLES[kind]
    masses, factors = np.array([0.0, 0.01, 0.1]), np.array([0.3, 1.0, 2.0])
    elements = {key: matrix(e12=scale) for key, scale in example.couplings.items()}
    toys = {k: m.with_element("12", factors * example.couplings[k]) for k, m in elements.items()}
    batch = brackets(replace(example.interaction, **toys), nature, lightest_mass_eV=masses)
    for n, (mass, factor) in enumerate(zip(masses, factors, strict=True)):
        one = {k: m.with_element("12", factor * example.couplings[k]) for k, m in elements.items()}
        alone = brackets(replace(example.interaction, **one), nature, lightest_mass_eV=mass)
        assert np.allclose(batch[:, n], alone, rtol=1e-13, atol=1e-16 * np.max(np.abs(alone)))


@each_kind
def test_pickles(kind: type[Interaction]) -> None:
    example = EXAMPLES[kind].interaction
    assert pickle.loads(pickle.dumps(example)) == example


@each_kind
def test_configuration_to_object_to_provenance_to_object(kind: type[Interaction]) -> None:
    example = EXAMPLES[kind].interaction
    values = {field.name: getattr(example, field.name) for field in fields(example)}  # type: ignore[arg-type]
    section = {"model": example.name} | {
        key: value.elements() if isinstance(value, CouplingMatrix) else value for key, value in values.items()
    }
    read = json.loads(json.dumps(section))
    again = interaction_named(read.pop("model"))(
        **{k: CouplingMatrix.from_elements(v) if isinstance(v, dict) else v for k, v in read.items()}
    )
    assert again == example


@each_kind
@each_nature
def test_examples_are_allowed_and_phases_checked(kind: type[Interaction], nature: Nature) -> None:
    example = EXAMPLES[kind]
    for key, scale in example.couplings.items():
        phased = replace(example.interaction, **{key: matrix(e12=[scale, scale])})
        contradicting = replace(example.interaction, **{key: matrix(e12=scale, e21=2 * scale)})
        assert example.interaction.problems(nature) == []
        if nature in example.complex_for:
            assert phased.problems(nature) == []
        else:
            (line,) = phased.problems(nature)
            assert re.match(rf"interaction\.{key}\.12 = .*must be real for Majorana", line)
        (line,) = contradicting.problems(nature)
        assert re.match(rf"interaction\.{key}\.21 = .*give only one of them", line)
        with pytest.raises(ConfigError, match=rf"interaction\.{key}\.21"):
            brackets(contradicting, nature)


@each_kind
def test_poles(kind: type[Interaction]) -> None:
    poles = EXAMPLES[kind].interaction.poles(emission().neutrinos)
    has_mediator = any(field.name == "mass_eV" for field in fields(kind))  # type: ignore[arg-type]
    assert [pole.mass_eV for pole in poles] == ([0.03] if has_mediator else [])


def test_transverse_spins_see_no_scalar() -> None:
    scalar = EXAMPLES[ScalarMediator].interaction
    for nature in Nature:
        standard = brackets(StandardModel(), nature, f_l=0.0)
        assert np.array_equal(brackets(scalar, nature, f_l=0.0), standard)


def test_published_scalar_formula() -> None:
    """Totals agree with the derived ones for a real diagonal y_S, and not for y_P or off the diagonal."""
    derived = ScalarMediator(
        mass_eV=0.03, y_electron=1e-6, width_eV=0.0, y_scalar=matrix(e11=1e-13, e33=2e-13)
    )
    for y_scalar, y_pseudoscalar, agree in (
        (derived.y_scalar, NO_COUPLINGS, True),
        (NO_COUPLINGS, derived.y_scalar, False),
        (matrix(e12=1e-13), NO_COUPLINGS, False),
    ):
        one = replace(derived, y_scalar=y_scalar, y_pseudoscalar=y_pseudoscalar)
        other = replace(one, formula=ScalarFormula.PUBLISHED)
        rates = [spectral_function(OMEGAS, emission(x)) for x in (one, other)]
        assert np.allclose(*rates, rtol=1e-12, atol=0) == agree


def test_published_scalar_formula_written_out() -> None:
    """GP23 Eq. (12) with the mended prefactor, at one frequency and pair, Dirac and Majorana."""
    omega, y_e, y_s, y_p = 1.06, 1e-6, 2e-13 + 1e-13j, -3e-13 + 2e-13j
    for nature in Nature:
        is_majorana = nature is Nature.MAJORANA
        if is_majorana:
            y_s, y_p = y_s.real, y_p.real
        scalar = ScalarMediator(
            mass_eV=0.03,
            y_electron=y_e,
            width_eV=0.0,
            y_scalar=matrix(e12=[y_s.real, y_s.imag]),
            y_pseudoscalar=matrix(e12=[y_p.real, y_p.imag]),
            formula=ScalarFormula.PUBLISHED,
        )
        emitted = emission(scalar, nature=nature, **phases(nature))
        m1, m2 = emitted.neutrinos.masses_eV[:2]
        a_s = np.conj(emitted.neutrinos.weak_couplings()[0, 1])
        q2 = E_EG * (E_EG - 2 * omega)
        s_plus, s_minus, d = (m1 + m2) ** 2, (m1 - m2) ** 2, 1 / (q2 - 0.03**2)
        g_f, m_e, share = 1.1663787e-23, 510998.95069, 0.0 if is_majorana else 1.0
        quadratic = (abs(y_s) ** 2 + share * abs(y_p) ** 2) * q2
        quadratic -= abs(y_s) ** 2 * s_plus + share * abs(y_p) ** 2 * s_minus
        linear = (a_s * y_s).real * (m1 - m2) * (1 - s_plus / q2)
        linear -= share * (a_s * y_p).imag * (m1 + m2) * (1 - s_minus / q2)
        more = y_e**2 * omega**2 * d**2 / (24 * m_e**2 * g_f**2) * quadratic
        more += y_e * omega**2 * d / (6 * np.sqrt(2) * g_f * m_e) * linear
        standard = brackets(StandardModel(), nature, 1.06)
        added = brackets(scalar, nature, 1.06) - standard
        assert added[0, 0, 1] == pytest.approx(more, rel=1e-9)
        assert np.all(added[1:] == 0)


def strong(nature: Nature, interaction: Interaction) -> float:
    """Return I of couplings beside which the Standard Model is nothing."""
    return float(spectral_function(np.array([1.0688]), emission(interaction, nature=nature)).sum())


@pytest.mark.parametrize(
    ("interaction", "ratio"),
    [
        (ScalarMediator(mass_eV=1e3, y_electron=1e4, y_scalar=matrix(e11=1.0, e12=0.5)), 0.5),
        (ScalarMediator(mass_eV=1e3, y_electron=1e4, y_pseudoscalar=matrix(e11=1.0, e12=0.5)), 0.5),
        (ElectromagneticMoments(magnetic_muB=matrix(e12=1e-6)), 0.5),
        (ElectromagneticMoments(electric_muB=matrix(e12=1e-6)), 0.5),
        (VectorMediator(mass_eV=1e3, g_electron=1.0, g_left=matrix(e11=1.0, e12=0.4)), 1.0),
        (
            VectorMediator(
                mass_eV=1e3,
                g_electron=1.0,
                g_left=matrix(e11=1.0, e12=0.4),
                g_right=matrix(e11=1.0, e12=0.4),
            ),
            0.0,
        ),
    ],
    ids=["scalar", "pseudoscalar", "magnetic", "electric", "left", "left and right alike"],
)
def test_the_same_coupling_of_majorana_neutrinos(interaction: Interaction, ratio: float) -> None:
    """What docs/guide/physics.md says of their vertices, to what masses of 10 meV change."""
    found = strong(Nature.MAJORANA, interaction) / strong(Nature.DIRAC, interaction)
    assert found == pytest.approx(ratio, abs=5e-3)
