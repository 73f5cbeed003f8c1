"""Every mistake in a run file has one line that names its place as a user would type it."""

import json
from dataclasses import MISSING, dataclass, fields
from typing import Any, ClassVar, get_origin

import pytest

from detector.afterpulse import Afterpulse
from detector.background import Background, DarkCounts
from detector.dead_time import DeadTime
from detector.domain import Fraction
from detector.drift import Drift
from detector.efficiency import Efficiency
from detector.resolution import Resolution
from detector.spectrum import Spectrum
from renp_sim.errors import ConfigError
from renp_sim.physics.couplings import CouplingMatrix
from renp_sim.physics.interactions import Interaction
from renp_sim.runfile.kinds import KINDS, TAGS, Kinds
from renp_sim.runfile.reference import key_tables
from renp_sim.runfile.run import run_from_table
from renp_sim.runfile.scalars import base_of, members_of
from renp_sim.runfile.tables import Reader, keys_of, table_of
from tests.runfile.run_tables import MINIMAL, problems_of, problems_of_table

PLACES = {
    Interaction: "interaction",
    Background: "background[0]",
    Efficiency: "detector.efficiency",
    Spectrum: "background[0].spectrum",
    Resolution: "detector.resolution",
    DeadTime: "detector.dead_time",
    Drift: "drift.density",
    Afterpulse: "detector.afterpulse",
}
SKY = {"name": "sky", "kind": "continuum", "rate_hz": 1.0}
EVERY_KIND = [(interface, name) for interface, kinds in KINDS.items() for name in kinds.known]
each_kind = pytest.mark.parametrize(("interface", "name"), EVERY_KIND, ids=[name for _, name in EVERY_KIND])


def sample(hint: Any, number: float) -> Any:
    """Return a value that a key may have: numbers that rise from key to key and in lists."""
    member = members_of(hint)[0]
    if get_origin(member) is tuple:
        return [number, 2 * number]
    if member is CouplingMatrix:
        return {"12": number}
    return "a" if base_of(member) is str else True if member is bool else number


def example(interface: Any, name: str) -> dict[str, Any]:
    """Return a table of a kind, made from its fields: what must be given, and every plain number."""
    kinds = KINDS[interface]
    table: dict[str, Any] = {kinds.key: name}
    for place, (field, hint) in enumerate(keys_of(kinds.known[name]).values()):
        is_needed = field.default is MISSING and field.default_factory is MISSING
        if is_needed or base_of(hint) is float:
            table[field.name] = sample(hint, 0.1 * (place + 1))
    return table


def with_kind(interface: Any, table: Any) -> dict[str, Any]:
    """Return a run file in which a table stands where such a kind does."""
    where = PLACES[interface]
    if interface is Interaction:
        return MINIMAL | {"interaction": table}
    if interface is Drift:
        return MINIMAL | {"drift": {where.removeprefix("drift."): table}}
    if interface in (Background, Spectrum):
        return MINIMAL | {"background": [SKY | {"spectrum": table} if interface is Spectrum else table]}
    return MINIMAL | {"detector": {where.removeprefix("detector."): table}}


def test_every_interface_has_a_place() -> None:
    assert set(PLACES) == set(KINDS)


@each_kind
def test_a_table_gives_the_object_and_the_object_its_table(interface: Any, name: str) -> None:
    table = example(interface, name)
    reader = Reader()
    made = reader.value(interface, table, "here")
    assert reader.problems == []
    assert type(made) is KINDS[interface].known[name]
    written = json.loads(json.dumps(table_of(made)))
    assert table.items() <= written.items()
    assert Reader().value(interface, written, "here") == made
    run = run_from_table(with_kind(interface, table))
    again = run_from_table(json.loads(json.dumps(run.resolved())))
    assert again.resolved() == run.resolved()
    assert again.number == run.number


@each_kind
def test_a_mistyped_key_names_its_place_and_the_nearest(interface: Any, name: str) -> None:
    table = example(interface, name)
    where = PLACES[interface]
    for key in keys_of(KINDS[interface].known[name]):
        typed = key[:-2] + key[-1] if len(key) > 4 else key + "e"
        (line,) = problems_of_table(with_kind(interface, table | {typed: 1.0}))
        assert line == f"{where}.{typed}: no such key; did you mean {key!r}?"
    (line,) = problems_of_table(with_kind(interface, table | {"qqq": 1.0}))
    assert line.startswith(f"{where}.qqq: no such key; ")


@each_kind
def test_a_wrong_value_names_its_place(interface: Any, name: str) -> None:
    table = example(interface, name)
    for key in keys_of(KINDS[interface].known[name]):
        for wrong in (True, [[]], {"no": "table"}):
            if wrong is True and base_of(keys_of(KINDS[interface].known[name])[key].hint) is bool:
                continue
            lines = problems_of_table(with_kind(interface, table | {key: wrong}))
            assert lines
            for line in lines:
                assert line.startswith(f"{PLACES[interface]}.{key}"), line
                assert "\n" not in line


@each_kind
def test_a_number_beyond_all_bounds_names_its_place(interface: Any, name: str) -> None:
    table = example(interface, name)
    for key, value in table.items():
        if isinstance(value, float):
            for number in (1e200, float("nan"), float("-inf"), 10**400):
                (line,) = problems_of_table(with_kind(interface, table | {key: number}))
                assert line.startswith(f"{PLACES[interface]}.{key} = "), line
                assert "must be finite, and at most 1e+30 in size" in line


@each_kind
def test_a_key_that_must_be_given_is_missed(interface: Any, name: str) -> None:
    kinds = KINDS[interface]
    for field in fields(kinds.known[name]):
        if field.default is MISSING and field.default_factory is MISSING:
            table = example(interface, name)
            del table[field.name]
            lines = problems_of_table(with_kind(interface, table))
            assert lines == [f"{PLACES[interface]}.{field.name}: is missing and has no default"]


@each_kind
def test_a_mistyped_kind_names_the_nearest(interface: Any, name: str) -> None:
    key = KINDS[interface].key
    table = example(interface, name) | {key: name + "s"}
    (line,) = problems_of_table(with_kind(interface, table))
    expected = f'{PLACES[interface]}.{key} = "{name}s": no such {key}; did you mean {name!r}?'
    assert line == expected


@dataclass(frozen=True, slots=True, kw_only=True)
class Flicker(DarkCounts):
    """Counts that come in bursts.

    Parameters
    ----------
    per_burst
        Counts of a burst.
    """

    per_burst: Fraction = 0.5

    kind: ClassVar[str] = "flicker"


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("seed", "'run.seed'"),
        ("lightest_mass_eV", "'neutrino.lightest_mass_eV'"),
        ("efficiency", "'detector.efficiency' or 'drift.efficiency'"),
    ],
)
def test_a_key_without_its_section_is_looked_for_in_all(typed: str, meant: str) -> None:
    (line,) = problems_of_table(MINIMAL | {typed: 1})
    assert line == f"{typed}: no such key; did you mean {meant}?"


def test_a_new_kind_is_a_class_and_a_name(monkeypatch: pytest.MonkeyPatch) -> None:
    known = {**KINDS[Background].known, "flicker": Flicker}
    monkeypatch.setitem(KINDS, Background, Kinds(known=known))
    monkeypatch.setitem(TAGS, Flicker, ("kind", "flicker"))
    table = {"kind": "flicker", "name": "a", "rate_hz": 1.0, "per_burst": 0.25}
    run = run_from_table(MINIMAL | {"background": [table]})
    assert run.detector.backgrounds == (Flicker(name="a", rate_hz=1.0, per_burst=0.25),)
    assert run.resolved()["background"] == [table | {"error_rel": 0.0}]
    (line,) = problems_of_table(MINIMAL | {"background": [table | {"per_burts": 1.0}]})
    assert line == "background[0].per_burts: no such key; did you mean 'per_burst'?"
    (line,) = problems_of_table(MINIMAL | {"background": [table | {"per_burst": 2.0}]})
    assert line == "background[0].per_burst = 2.0: must lie in [0, 1]"
    (described,) = (t for t in key_tables() if 'kind = "flicker"' in t.heading)
    assert [row.meaning for row in described.rows if row.key == "per_burst"] == ["Counts of a burst."]


@pytest.mark.parametrize("interface", PLACES)
def test_what_is_no_table_is_told_with_the_kinds(interface: Any) -> None:
    for wrong in ("nothing", ["a", "list"], True):
        (line,) = problems_of_table(with_kind(interface, wrong))
        assert line.startswith(PLACES[interface] + " = ")
        assert "must be" in line


@pytest.mark.parametrize("interface", [k for k in KINDS if KINDS[k].default is None])
def test_a_kind_that_is_not_named_is_missed(interface: Any) -> None:
    (line,) = problems_of_table(with_kind(interface, {}))
    assert line.startswith(f"{PLACES[interface]}.kind: is missing")
    assert all(name in line for name in KINDS[interface].known)


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        (
            ["laser.steps[0].omega_eV=2.2"],
            ["laser.steps[0].omega_eV = 2.2: must lie in 0 < ω < E_eg = 2.14349 eV"],
        ),
        (["laser.steps[0].omega_eV=-1.0"], ["laser.steps[0].omega_eV = -1.0: must lie in"]),
        (["laser.linewidht_eV=1e-6"], ["laser.linewidht_eV: no such key; did you mean 'linewidth_eV'?"]),
        (["lasr.x=1"], ["lasr: no such key; did you mean 'laser'?"]),
        (["laser.steps[0].omega=1.0"], ["laser.steps[0].omega: no such key; did you mean 'omega_eV'?"]),
        (["target.density_cm3=-1.0"], ["target.density_cm3 = -1.0: must lie in (0, 1e+30]"]),
        (["target.density_cm3='much'"], ['target.density_cm3 = "much": must be a number']),
        (["target.coherence=1.5"], ["target.coherence = 1.5: must lie in [0, 1]"]),
        (["target.volume_cm3=inf"], ["target.volume_cm3 = inf: must be finite"]),
        (["target.atom=Ytterbium"], ['target.atom = "Ytterbium": no such atom; known: Yb, Xe, Sr, Hg']),
        (
            ["target.atom={name='Ca'}"],
            ["target.atom: Ca is not a known atom, so e_eg_eV, e_vg_eV, gamma_ref_hz"],
        ),
        (["target.spin_tensor=sideways"], ["target.spin_tensor"]),
        (["neutrino.ordering=up"], ['neutrino.ordering = "up": must be "normal" or "inverted"']),
        (
            ["neutrino.alpha21_deg=3.0"],
            ["neutrino.alpha21_deg = 3.0: Dirac neutrinos have no Majorana phase"],
        ),
        (["neutrino.dm2_3l_eV2=-2.5e-3"], ["neutrino.dm2_3l_eV2"]),
        (
            ["neutrino.masses_eV=[0.01, 0.02, 0.05]", "neutrino.lightest_mass_eV=0.01"],
            ["neutrino.masses_eV: fixes all masses, so lightest_mass_eV must be left out"],
        ),
        (
            ["interaction.model=standard_modle"],
            ["standard_modle"],
        ),
        (["interaction.mass_eV=1.0"], ["interaction.mass_eV: no such key"]),
        (["run.seed=-1"], ["run.seed = -1: must lie in [0, 18446744073709551615]"]),
        (["run.seed=1.5"], ["run.seed = 1.5: must be a whole number"]),
        (["run.seed=18446744073709551616"], ["run.seed = 18446744073709551616: must lie in"]),
        (["laser.pulses={repetition_hz=10.0}"], ["laser.pulses.window_s: is missing"]),
        (
            ["laser.pulses={repetition_hz=10.0, window_s=0.2}"],
            ["laser.pulses.window_s = 0.2: windows overlap, since 10 Hz leave 0.1 s for each"],
        ),
        (["drift.density={total_rel=-1}"], ["drift.density.total_rel = -1: must lie in (-1, 100]"]),
        (
            ["drift.efficiency={total_rel=0.1}"],
            ["drift.efficiency.total_rel: takes an efficiency of 1 to 1.1"],
        ),
        (["detector.efficiency=1.2"], ["detector.efficiency = 1.2: must lie in [0, 1]"]),
        (
            ['detector.efficiency="20%"'],
            ['detector.efficiency = "20%": must be a number or a table: write 0.2'],
        ),
        (
            ['target.volume_cm3="1e2"'],
            ['= "1e2": must be a number: write 1e2 without quotes'],
        ),
        (["run.seed=1e6"], ["run.seed = 1000000.0: must be a whole number: write 1000000"]),
        (["run.seed=true"], ["run.seed = true: must be a whole number"]),
        (["run=5"], ["run = 5: must be a table"]),
        (["laser.steps=[1]"], ["laser.steps[0] = 1: must be a table"]),
        (["laser.steps=3"], ["laser.steps = 3: must be a list"]),
        (["run.name='../x'"], ["run.name: must have 1 to 200 printable characters, and be no path"]),
        (["run.name='..'"], ["run.name: must have"]),
        (["target.atom='a\\u0000b'"], ["target.atom"]),
        (["run.number=" + "1" * 400], ["run.number = a number of very many digits: must be finite"]),
        (["target.volume_cm3=1" + "0" * 400], ["target.volume_cm3 = a number of very many digits"]),
        (["detector.efficiency.kind=turnon"], ["kind = \"turnon\": no such kind; did you mean 'turn_on'?"]),
        (
            ["detector.efficiency={kind='constant', valu=1.0}"],
            ["valu: no such key; did you mean 'value'?", "detector.efficiency.value: is missing"],
        ),
        (["detector.energy_window_eV=[1.2, 0.9]"], ["detector.energy_window_eV"]),
        (
            ["laser.scan=[{omegas_eV=[1.0], points=3, total_duration_s=1.0}]"],
            ["laser.scan[0].omegas_eV: give either"],
        ),
        (
            ["laser.scan=[{start_eV=1.0, stop_eV=1.1, total_duration_s=1.0}]"],
            ["laser.scan[0].omegas_eV: give either"],
        ),
        # what a value should have been is said once: its section without it breaks no rule of its own
        (
            ["laser.scan=[{omegas_eV=[], total_duration_s=1.0}]"],
            ["laser.scan[0].omegas_eV: needs at least one"],
        ),
        (
            ["laser.scan=[{start_eV=1.0, stop_eV=1.1, points=0, total_duration_s=1.0}]"],
            ["laser.scan[0].points = 0: must lie in [1, 1000000]"],
        ),
        (
            ["laser.scan=[{omegas_eV=[1.0], points=3, total_duration_s=1.0, pases=2}]"],
            ["laser.scan[0].pases: no such key", "laser.scan[0].omegas_eV: give either"],
        ),
        (
            ["laser.scan=[{start_eV=1.0, stop_eV=1.1, points=1000, passes=1001, total_duration_s=1e9}]"],
            ["laser.scan[0].passes = 1001: of 1000 frequencies are more than 1000000 steps"],
        ),
        (["laser.linewidth_eV=0.2"], ["laser.steps[0].omega_eV = 1.07: its line reaches"]),
        (
            [
                "background=[{name='a', kind='dark_counts', rate_hz=1.0}, "
                "{name='a', kind='dark_counts', rate_hz=1.0}]"
            ],
            ['background[1].name = "a": is taken'],
        ),
        (["background=[{name='a', kind='bright', rate_hz=1.0}]"], ["background[0]"]),
        (["laser.steps=[]"], ["laser: no step and no scan"]),
    ],
)
def test_one_line_per_mistake(settings: list[str], expected: list[str]) -> None:
    found = problems_of(*settings)
    assert len(found) == len(expected), found
    for line, part in zip(found, expected, strict=True):
        assert part in line
        assert "\n" not in line


def test_a_missing_seed_says_what_to_do() -> None:
    with pytest.raises(ConfigError, match=r"run\.seed: is missing and has no default; `renp-sim init FILE`"):
        run_from_table({"run": {}, "laser": MINIMAL["laser"]})


def test_all_mistakes_at_once() -> None:
    found = problems_of(
        "run.nmae='x'",
        "target.density_cm3=-1.0",
        "neutrino.ordering=up",
        "laser.steps[0].omega_eV=3.0",
        "detector.efficiency=2.0",
        "interaction.model=wrong",
    )
    assert len(found) == 6
    assert {line.split(":")[0].split(" ")[0] for line in found} == {
        "run.nmae",
        "target.density_cm3",
        "neutrino.ordering",
        "laser.steps[0].omega_eV",
        "detector.efficiency",
        "interaction.model",
    }


@pytest.mark.parametrize(
    ("model", "expected"),
    [
        ("{model='vector_mediator', mass_eV=1.0}", "interaction.g_electron: is missing"),
        (
            "{model='vector_mediator', mass_eV='x', g_electron=1.0}",
            'interaction.mass_eV = "x": must be',
        ),
        ("{model='vector_mediator', mass_eV=-1.0, g_electron=1.0}", "mass_eV"),
        ("{model='vector_mediator', mass_eV=1.0, g_electron=1.0, g_left=3.0}", "interaction.g_left = 3.0"),
        ("{model='vector_mediator', mass_eV=1.0, g_electron=1.0, g_left={14=1.0}}", "14"),
        ("{model='vector_mediator', mass_eV=1.0, g_electron=1.0, g_left={11=[0.0, 1.0]}}", "11"),
        ("{model='vector_mediator', mass_eV=1.0, g_electron=1.0, g_left={12=1.0, 21=2.0}}", "21"),
        ("{model='vector_mediator', mass_eV=1.0, g_electron=1.0, longitudinal=1.5}", "longitudinal"),
        ("{model='scalar_mediator', mass_eV=1.0, y_electron=1.0, formula='printed'}", "formula"),
    ],
)
def test_wrong_interactions(model: str, expected: str) -> None:
    found = problems_of(f"interaction={model}")
    assert len(found) == 1
    assert expected in found[0]


def test_a_diagonal_majorana_moment_cannot_exist() -> None:
    found = problems_of(
        "interaction={model='em_moments', magnetic_muB={11=1e-11}}", "neutrino.nature=majorana"
    )
    assert len(found) == 1
    assert "CPT" in found[0]
