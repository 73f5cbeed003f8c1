"""Which files can be fitted together, and what of a run file a fit uses."""

from pathlib import Path

import pytest

from renp_sim.app.data import Data, read_data
from renp_sim.app.report import spectrum_of_files
from renp_sim.errors import ConfigError
from renp_sim.physics.neutrino import Nature, Ordering
from renp_sim.production.generate import generate
from renp_sim.runfile.reading import apply_settings, read_table
from renp_sim.runfile.run import run_from_table

SCAN = "laser.scan=[{omegas_eV=[1.0688, 1.0711], total_duration_s=6e5}]"
VECTOR = "interaction={model='vector_mediator', mass_eV=1e-3, g_electron=1.0, g_left={11=1e-26}}"


def file(folder: Path, name: str, *settings: str) -> Path:
    table = apply_settings(read_table("gp23_three_frequencies"), [SCAN, *settings])
    return generate(run_from_table(table), folder / f"{name}.root").path


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("data")


@pytest.fixture(scope="module")
def plain(folder: Path) -> Path:
    return file(folder, "plain")


@pytest.mark.parametrize(
    ("changes", "keys"),
    [
        ([VECTOR], {"interaction.model"}),
        (["neutrino.nature=majorana"], {"neutrino.nature"}),
        (["neutrino.ordering=inverted"], {"neutrino.ordering"}),
        (["neutrino.dm2_3l_eV2=2.7e-3"], {"neutrino.dm2_3l_eV2"}),
        (
            ["neutrino.nature=majorana", "neutrino.sin2_theta12=0.31", "neutrino.lightest_mass_eV=0.1"],
            {"neutrino.nature", "neutrino.sin2_theta12"},
        ),
    ],
)
def test_runs_of_different_physics_are_not_fitted_together(
    folder: Path, plain: Path, changes: list[str], keys: set[str]
) -> None:
    other = file(folder, "-".join(sorted(keys)), "run.seed=2", *changes)
    for paths in ([plain, other], [other, plain]):
        with pytest.raises(ConfigError, match="fit them apart") as caught:
            read_data(paths)
        assert {line.split(" = ")[0] for line in caught.value.problems} == keys
    # each for itself, and both by a run file that says what is assumed
    assert read_data(other).assumptions.nature in Nature
    assert len(read_data([plain, other], "gp23_three_frequencies").targets) == 2


def test_couplings_that_differ_are_named(folder: Path) -> None:
    more = VECTOR.replace("1e-26", "2e-26")
    paths = [file(folder, "weak", VECTOR), file(folder, "strong", "run.seed=2", more)]
    with pytest.raises(ConfigError) as caught:
        read_data(paths)
    assert [line.split(" = ")[0] for line in caught.value.problems] == ["interaction.g_left"]


def test_runs_of_one_physics_are_fitted_together_whatever_their_targets(folder: Path, plain: Path) -> None:
    """Seeds and masses are no assumption, and each run has a target of its own."""
    paths = [
        plain,
        *(
            file(folder, name, f"run.seed={name}", change)
            for name, change in (
                ("7", "neutrino.lightest_mass_eV=0.02"),
                ("8", "target.volume_cm3=50.0"),
                ("9", "target.spin_tensor=transverse"),
            )
        ),
    ]
    data = read_data(paths)
    assert len({target.f_l for target in data.targets.values()}) == 2
    assert data.assumptions.oscillation.ordering is Ordering.NORMAL
    (note,) = data.notes
    assert "different masses" in note


@pytest.mark.parametrize("atom", ["Xe", "Sr"])
def test_a_model_of_another_atom_is_refused(plain: Path, atom: str) -> None:
    with pytest.raises(ConfigError, match=rf"^target\.atom: {atom} of --model has E_eg.*2\.14349") as caught:
        read_data(plain, "gp23_three_frequencies", [f"target.atom={atom}"])
    assert len(caught.value.problems) == 1


def test_levels_that_are_known_better_are_no_other_atom(plain: Path) -> None:
    better = ["target.atom={name='Yb', e_eg_eV=2.143505}"]
    assert read_data(plain, "gp23_three_frequencies", better).first_target.atom.e_eg_eV == 2.143505


@pytest.mark.parametrize(
    ("setting", "part"),
    [
        ("detector.efficiency=0.01", "a fit has this from the data"),
        ("target.volume_cm3=1.0", "a fit has this from the data"),
        ("laser.steps[0].omega_eV=1.0", "a fit has this from the data"),
        ("neutrino.lightest_mass_eV=0.3", "hold one with --fix, as in --fix lightest_mass_eV=0.3"),
        ("run.number=3", "a fit has this from the data"),
    ],
)
def test_settings_that_would_change_nothing_are_refused(plain: Path, setting: str, part: str) -> None:
    with pytest.raises(ConfigError) as caught:
        read_data(plain, "gp23_three_frequencies", ["target.spin_tensor=transverse", setting])
    (line,) = caught.value.problems
    assert line.startswith(f"--set {setting}: ")
    assert part in line


def test_what_a_fit_does_not_use_of_a_run_file_is_noted(plain: Path) -> None:
    (note,) = read_data(plain, "fine_scan").notes
    assert "its neutrino.lightest_mass_eV only where masses rest" in note
    for key in ("target.volume_cm3", "laser", "detector", "background"):
        assert key in note.partition("and not its")[2]
    assert "target.atom" not in note.partition("and not its")[2]


def test_a_seed_is_for_the_run_file(tmp_path: Path, plain: Path) -> None:
    path = tmp_path / "model.toml"
    path.write_text("[neutrino]\nordering = 'inverted'\n")
    with pytest.raises(ConfigError, match=r"run\.seed: is missing"):
        read_data(plain, path)
    assert read_data(plain, path, seed=1).assumptions.oscillation.ordering is Ordering.INVERTED
    for options in ({"seed": 1}, {"settings": ["target.spin_tensor=transverse"]}):
        with pytest.raises(ConfigError, match="--model RUN, which is not given"):
            read_data(plain, **options)


def test_a_path_may_be_text_or_a_path_or_a_list(plain: Path) -> None:
    def steps(data: Data) -> int:
        return data.observation.exposure.n_steps

    assert {steps(read_data(asked)) for asked in (plain, str(plain), [plain], [str(plain)])} == {2}


def test_a_spectrum_is_of_one_physics(folder: Path, plain: Path) -> None:
    """Nothing is averaged over orderings, natures or interactions; masses that differ are said."""
    for name, setting in (("inverted", "neutrino.ordering=inverted"), ("vector", VECTOR)):
        other = file(folder, f"spectrum-{name}", "run.seed=2", setting)
        with pytest.raises(ConfigError, match="a spectrum is of one physics; give these runs apart"):
            spectrum_of_files([plain, other])
    heavy = file(folder, "spectrum-heavy", "run.seed=2", "neutrino.lightest_mass_eV=0.02")
    table, _ = spectrum_of_files([plain, heavy])
    (note,) = table["notes"]
    assert note.startswith("runs were made with different masses, 0.01, 0.02 eV")
    assert note in read_data([plain, heavy]).notes
    again = file(folder, "spectrum-again", "run.seed=2")
    assert spectrum_of_files([plain, again])[0]["notes"] == []
    assert read_data([plain, again]).notes == ()


def test_steps_of_different_atoms_are_not_summed(folder: Path, plain: Path) -> None:
    """They share a frequency, and nothing else: each has its own row, and its own counts."""
    atom = "target.atom={name='X', e_eg_eV=2.2, e_vg_eV=2.5, gamma_ref_hz=2e-3}"
    other = file(folder, "spectrum-atom", "run.seed=2", atom)
    both, _ = spectrum_of_files([plain, other])
    apart = [spectrum_of_files([path])[0] for path in (plain, other)]
    assert len(both["counts"]) == 4
    assert sorted(both["counts"]) == sorted(apart[0]["counts"] + apart[1]["counts"])
    same, _ = spectrum_of_files([plain, file(folder, "spectrum-same", "run.seed=2")])
    assert len(same["counts"]) == 2
