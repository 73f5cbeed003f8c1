"""The coupling elements of an interaction as real parameters, and the quadratic form of μ in them.

Whatever the interaction, its couplings are the `CouplingMatrix` fields of a dataclass, and the elements
that a nature of the neutrinos forbids are those in which it sees problems.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import fields, replace
from typing import Any

import numpy as np

from renp_sim.analysis.model import Parameter
from renp_sim.arrays import FloatArray
from renp_sim.physics.couplings import CouplingMatrix
from renp_sim.physics.interactions import Interaction
from renp_sim.physics.neutrino import Nature
from renp_sim.physics.pairs import PAIRS

__all__ = ["coupling_parameters", "with_couplings"]


PERTURBATIVE = math.sqrt(4 * math.pi)
"""Of couplings that a width is taken from: with this one it is of the size of the mass, and beyond neither
width nor propagator mean anything (test_an_excluded_coupling_with_a_width_is_excluded)."""


def coupling_parameters(interaction: Interaction, nature: Nature) -> tuple[Parameter, ...]:
    """Return the real parameters of every element i ≤ j that such neutrinos can have.

    Where they set the width of a mediator they end at √(4π), or where they stand if that is more. Names are
    `interaction.<field>.11`, and `interaction.<field>.12.re` and `.12.im` off the diagonal; the
    partner 21 follows.

    Examples
    --------
    >>> from renp_sim.physics.interactions import ElectromagneticMoments
    >>> [p.name for p in coupling_parameters(ElectromagneticMoments(), Nature.MAJORANA)][:2]
    ['interaction.magnetic_muB.12.re', 'interaction.magnetic_muB.13.re']
    """
    found = []
    end = PERTURBATIVE if getattr(interaction, "width_eV", None) == "auto" else math.inf
    for field, matrix in _matrices(interaction):
        for element in PAIRS:
            value = _element(interaction, field, matrix, element, nature)
            off_diagonal = element[0] != element[1]
            for part, unit, number in (("re", 1.0, value.real), ("im", 1j, value.imag)):
                if _allows(interaction, field, CouplingMatrix().with_element(element, unit), nature):
                    suffix = f".{part}" if off_diagonal else ""
                    name, size = f"interaction.{field}.{element}{suffix}", max(end, abs(number))
                    found.append(
                        Parameter(name=name, value=number, lower=-size, upper=size, is_amplitude=True)
                    )
    return tuple(found)


def with_couplings(
    interaction: Interaction, parameters: Sequence[Parameter], values: FloatArray
) -> Interaction:
    """Return the interaction with the values of these parameters, shape (u, len(parameters))."""
    elements: dict[tuple[str, str], Any] = {}
    for parameter, column in zip(parameters, values.T, strict=True):
        _, field, element, *part = parameter.name.split(".")
        unit = 1j if part == ["im"] else 1.0
        elements[field, element] = elements.get((field, element), 0.0) + unit * column
    changes = dict(_matrices(interaction))
    for (field, element), value in elements.items():
        changes[field] = changes[field].with_element(element, value)
    return replace(interaction, **changes)  # type: ignore[type-var]


def _matrices(interaction: Interaction) -> Iterator[tuple[str, CouplingMatrix]]:
    for field in fields(interaction):  # type: ignore[arg-type]
        value = getattr(interaction, field.name)
        if isinstance(value, CouplingMatrix):
            yield field.name, value


def _allows(interaction: Interaction, field: str, matrix: CouplingMatrix, nature: Nature) -> bool:
    return not replace(interaction, **{field: matrix}).problems(nature)  # type: ignore[type-var]


def _element(
    interaction: Interaction, field: str, matrix: CouplingMatrix, element: str, nature: Nature
) -> complex:
    """Return the value of ij, from its partner ji where that one was given."""
    given = dict(matrix.entries)
    if element in given or element[::-1] not in given:
        return complex(given.get(element, 0.0))
    partner = given[element[::-1]]
    candidates = (np.conj(partner), -partner)
    follows = (
        c
        for c in candidates
        if _allows(interaction, field, CouplingMatrix(((element, c), (element[::-1], partner))), nature)
    )
    return complex(next(follows))
