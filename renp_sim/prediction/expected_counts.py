"""Expected counts per step: physics × laser × detector as a model that an analysis can fit."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Self

import numpy as np

from renp_sim.analysis.data import Exposure
from renp_sim.analysis.model import Parameter, Quadratic
from renp_sim.arrays import FloatArray, IndexArray
from renp_sim.physics.acceptance import Acceptance
from renp_sim.physics.interactions import Interaction, StandardModel
from renp_sim.physics.neutrino import GP23_LIGHTEST_MASS_EV, Nature, Neutrinos, Oscillation
from renp_sim.physics.target import Target
from renp_sim.prediction.counting import Counting
from renp_sim.prediction.couplings import coupling_parameters
from renp_sim.prediction.derivatives import spectrum_derivatives
from renp_sim.prediction.energy_shares import EnergyShares
from renp_sim.prediction.frequency_table import OFFSETS, FrequencyTable, distinct
from renp_sim.prediction.kinks import crossings
from renp_sim.prediction.parameters import Group, Layout, exposure_parameters, neutrino_parameters
from renp_sim.prediction.quadratic import coupling_scales, spectrum_quadratic
from renp_sim.prediction.responses import Responses
from renp_sim.prediction.settings import Settings
from renp_sim.prediction.signal import Signal

__all__ = ["ExpectedCounts"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ExpectedCounts:
    """Expected counts of the rows of an exposure, as `renp_sim.analysis.model.Model` asks for them.

    μ_k = normalisation · Γ₀ η ε_k T_k · Ī_k + Σ_c background_c · b_kc T_k, Ī the average of I(ω) over the
    line; Γ₀, η, ε, T and b are those of the exposure. Where what sees the photons changes over the line,
    ε_k Ī_k is the average of I(ω) ε(ω). Rows that are energy bins of a step share its signal.

    Parameters
    ----------
    exposure
        The steps.
    target
        Gives the atom and its spin tensor; Γ₀ is the exposure's.
    oscillation
        Mixing and splittings, which carry the ordering: each ordering is a model of its own.
    nature, interaction
        Dirac or Majorana; what couples.
    masses_eV
        The lightest mass, or m1, m2, m3 if these are the parameters.
    acceptances
        ε(ω) by run number, such as the run's detector; of other runs the stated ε is that of every photon.
    several_runs
        Whether each run has a frequency offset of its own; None: where the exposure has several runs.
    responses
        How the rows answer to the uncertainties that they share; None: as the exposure says.
    offered
        Names of the parameters; None offers every one. What is not offered stays where it is and costs
        nothing, which matters for gradients and for exposures of many steps.
    is_tabled
        Whether Ī comes from tables in the frequency, as `tabled` says.

    Raises
    ------
    ConfigError
        For a parameter that does not exist, or not one or three masses.

    Examples
    --------
    >>> from renp_sim.physics.atom import known_atoms
    >>> from renp_sim.physics.neutrino import Ordering
    >>> exposure = Exposure.of(omega_eV=1.0688, live_time_s=2.3 * 86400, gamma0_hz=0.002)
    >>> model = ExpectedCounts(
    ...     exposure=exposure, target=Target(atom=known_atoms()["Yb"]),
    ...     oscillation=Oscillation.nufit(Ordering.NORMAL), offered=("lightest_mass_eV", "normalisation"),
    ... )
    >>> model.expected(np.array([[0.01, 1.0], [0.01, 2.0]])).round(2).tolist()
    [[25.03], [50.06]]
    """

    exposure: Exposure
    target: Target
    oscillation: Oscillation
    nature: Nature = Nature.DIRAC
    interaction: Interaction = field(default_factory=StandardModel)
    masses_eV: tuple[float, ...] = (GP23_LIGHTEST_MASS_EV,)
    acceptances: Mapping[int, Acceptance] = field(default_factory=dict)
    several_runs: bool | None = None
    responses: Responses | None = None
    offered: tuple[str, ...] | None = None
    is_tabled: bool = False
    _counting: Counting = field(init=False, repr=False)
    _signal: Signal = field(init=False, repr=False)
    _table: FrequencyTable | None = field(init=False, repr=False)
    _shares: EnergyShares = field(init=False, repr=False)
    _columns: IndexArray = field(init=False, repr=False)
    """Where each offered parameter stands among all."""
    _twin: dict[str, Self] = field(init=False, repr=False, default_factory=dict)
    """What `tabled` gave, since its tables learn."""

    def __post_init__(self) -> None:
        e_eg_eV, couplings = self.target.atom.e_eg_eV, coupling_parameters(self.interaction, self.nature)
        responses = self.responses or Responses.of(self.exposure)
        several = len(responses.run_frequency) > 1 if self.several_runs is None else self.several_runs
        layout = Layout(
            neutrino_parameters(self.masses_eV, self.oscillation, self.nature, e_eg_eV, len(couplings))
            | exposure_parameters(self.exposure, responses, e_eg_eV, several)
            | {Group.COUPLINGS: couplings}
        )
        columns = layout.columns(self.offered)
        signal = Signal(
            settings=Settings.of(
                self.exposure,
                responses,
                layout.run_offsets(columns),
                layout.own_offsets(columns),
                self.acceptances,
            ),
            layout=layout,
            target=self.target,
            interaction=self.interaction,
            oscillation=self.oscillation,
            nature=self.nature,
        )
        layout = layout.with_scales(Group.COUPLINGS, coupling_scales(signal))
        signal = replace(signal, layout=layout)
        derived = {
            "_signal": signal,
            "_table": FrequencyTable.of(signal) if self.is_tabled else None,
            "_counting": Counting(exposure=self.exposure, responses=responses, layout=layout),
            "_shares": EnergyShares.of(signal, self.exposure, self.acceptances),
            "_columns": columns,
        }
        for name, value in derived.items():
            object.__setattr__(self, name, value)

    @property
    def parameters(self) -> tuple[Parameter, ...]:
        """The offered parameters, in the order of the last axis of θ."""
        return tuple(self._signal.layout.parameters[c] for c in self._columns)

    def offering(self, names: Sequence[str]) -> Self:
        """Return the same model with these parameters only."""
        return replace(self, offered=tuple(names))

    def starting(self, values: Mapping[str, float]) -> Self:
        """Return the same model with its masses standing at these values, where they are named."""
        names = [p.name for p in self._signal.layout.groups[Group.MASSES]]
        masses = [values.get(name, old) for name, old in zip(names, self.masses_eV, strict=True)]
        return replace(self, masses_eV=tuple(masses))

    def tabled(self, names: Sequence[str]) -> Self:
        """Return the same model with μ to 1e-8 from tables, if that is cheaper while these parameters move.

        So it is where offsets are all that changes the spectrum. Derivatives in what else does are 0.
        """
        layout = self._signal.layout
        groups = {layout.group_at(int(c)) for c in layout.columns(names)}
        spectral = {group for group in groups if group < Group.NORMALISATION}
        if self.is_tabled or not spectral or spectral.difference(OFFSETS):
            return self
        if "tabled" not in self._twin:
            self._twin["tabled"] = replace(self, is_tabled=True)
        return self._twin["tabled"]

    def at(self, exposure: Exposure) -> Self:
        """Return the same model for another exposure."""
        return replace(self, exposure=exposure, responses=None)

    def part(self, rows: IndexArray, factor: FloatArray) -> Self:
        """Return the same model for some of the rows, each so many times as long.

        Parameters keep their meaning; those of single steps are not offered.
        """
        responses = (self.responses or Responses.of(self.exposure)).take(self.exposure, rows)
        return replace(self, exposure=self.exposure.take(rows).scaled(factor), responses=responses)

    def neutrinos(self, theta: FloatArray) -> Neutrinos:
        """Return the neutrinos of each θ, shape (b, p), with one leading axis."""
        full, _ = self._full(theta)
        return self._signal.neutrinos(full)

    def expected(self, theta: FloatArray) -> FloatArray:
        """Return μ, shape (..., n), for θ of shape (..., p).

        The spectrum is computed once for every distinct value of the parameters it depends on.

        Raises
        ------
        DomainError
            If a parameter leaves the domain of the physics, such as a negative mass.
        """
        full, lead = self._full(theta)
        spectrum = self._spectrum(full)
        return self._counting.expected(full, spectrum).reshape(*lead, self.exposure.n_steps)

    def gradient(self, theta: FloatArray) -> FloatArray:
        """Return ∂μ/∂θ, shape (..., n, p).

        Exact where μ is linear, else as accurate as `renp_sim.prediction.derivatives` says; on the kink of
        a sharp line there is no derivative, and the number is finite and large.
        """
        full, lead = self._full(theta)
        spectrum = self._spectrum(full)
        n_physics = self._signal.layout.n_physics
        result = np.empty((len(full), self.exposure.n_steps, len(self._columns)))
        is_physics = self._columns < n_physics
        if np.any(is_physics):
            rows, which = distinct(full[:, :n_physics])
            slopes = self._slopes(rows, self._columns[is_physics])
            by_row = self._shares.slopes(rows, self._of_settings(rows), slopes, self._columns[is_physics])
            result[..., is_physics] = by_row[which] * self._counting.by_spectrum(full)[..., None]
        for i in np.flatnonzero(~is_physics):
            result[..., i] = self._counting.derivative(full, spectrum, int(self._columns[i]))
        return result.reshape(*lead, *result.shape[1:])

    def _slopes(self, rows: FloatArray, columns: IndexArray) -> FloatArray:
        """Return ∂Ī/∂θ of the settings for some columns of the physics part."""
        if self._table is not None:
            return self._table.slopes(rows, columns)

        def compute(new: FloatArray) -> FloatArray:
            return spectrum_derivatives(self._signal, new, columns)

        return self._signal.remembered(f"slopes {columns.tolist()}", rows, compute)

    def kinks(
        self, parameter: str, theta: FloatArray, low: float = -np.inf, high: float = np.inf
    ) -> FloatArray:
        """Return the sorted values of a parameter at which a step crosses a threshold, the rest at θ.

        Shape (k,) for θ of shape (p,); (b, k) for (b, p), NaN at the end where a row has fewer. Empty for
        parameters that move no threshold. A line of finite width rounds the kink off, but the place is
        still where a scan needs a point.
        """
        full, lead = self._full(theta)
        layout = self._signal.layout
        column = layout.column(parameter)
        if layout.group_at(column) > Group.STEP_FREQUENCY:
            return np.empty((*lead, 0))
        rows = full[:, : layout.n_physics]
        find = partial(crossings, self._signal, column=column, low=low, high=high)
        if lead:
            return find(rows)
        # a fit asks again and again where it stands
        return np.unique(self._signal.remembered(f"kinks {column} {low} {high}", rows, find)[0])

    def quadratic(self, parameters: tuple[str, ...], theta: FloatArray) -> Quadratic | None:
        """Return the coefficients where μ is quadratic in these parameters, the rest at θ (p,); else None.

        Backgrounds go together with anything; of normalisation, common and per-step efficiencies and
        couplings, which multiply each other, only one kind may be among them.
        """
        full, _ = self._full(theta)
        layout = self._signal.layout
        columns = layout.columns(parameters)
        groups = {layout.group_at(int(c)) for c in columns} - {Group.BACKGROUND}
        if len(groups) > 1 or any(group < Group.COUPLINGS for group in groups):
            return None
        full[:, columns] = 0.0
        spectrum = self._spectrum(full)
        constant = self._counting.expected(full, spectrum)[0]
        linear = np.zeros((self.exposure.n_steps, len(columns)))
        square = np.zeros((self.exposure.n_steps, len(columns), len(columns)))
        is_coupling = columns < layout.n_physics
        if np.any(is_coupling):
            form = spectrum_quadratic(self._signal, full[0, : layout.n_physics], columns[is_coupling])
            if form is None:
                return None
            to_steps, factor = self._signal.settings.to_steps, self._counting.by_spectrum(full)[0]
            factor = factor * self._shares.at(full[:, : layout.n_physics])[0]
            place = np.flatnonzero(is_coupling)
            linear[:, place] = to_steps(form.linear, axis=0) * factor[:, None]
            square[:, place[:, None], place] = to_steps(form.square, axis=0) * factor[:, None, None]
        for i in np.flatnonzero(~is_coupling):
            linear[:, i] = self._counting.derivative(full, spectrum, int(columns[i]))[0]
        return Quadratic(constant=constant, linear=linear, square=square)

    def _full(self, theta: FloatArray) -> tuple[FloatArray, tuple[int, ...]]:
        """Return every parameter, shape (b, all), and the leading shape of θ."""
        theta = np.asarray(theta, dtype=np.float64)
        if theta.shape[-1:] != self._columns.shape:
            raise ValueError(
                f"theta: shape {theta.shape}: the last axis must hold the {len(self._columns)} parameters"
            )
        lead = theta.shape[:-1]
        full = np.repeat(self._signal.layout.values[None, :], int(np.prod(lead)), axis=0)
        full[:, self._columns] = theta.reshape(len(full), len(self._columns))
        return full, lead

    def _spectrum(self, full: FloatArray) -> FloatArray:
        """Return Ī, times the share of each bin, shape (b, n) or (1, n) where all rows of θ have the same."""
        rows, which = distinct(full[:, : self._signal.layout.n_physics])
        spectrum = self._shares.spectrum(rows, self._of_settings(rows))
        return spectrum if len(rows) == 1 else spectrum[which]

    def _of_settings(self, rows: FloatArray) -> FloatArray:
        """Return Ī of the settings for rows of the physics part of θ, shape (u, s)."""
        return self._signal.spectrum(rows) if self._table is None else self._table.spectrum(rows)
