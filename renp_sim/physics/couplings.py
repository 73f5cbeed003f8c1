"""3×3 coupling matrices given by elements, in the mass basis, and completed by the rule of their vertex."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from renp_sim.arrays import ComplexArray
from renp_sim.errors import ConfigError
from renp_sim.physics.pairs import ORDERED_PAIRS

__all__ = ["NO_COUPLINGS", "CouplingMatrix", "Symmetry", "complete", "contradictions", "per_pair"]


class Symmetry(StrEnum):
    """What the element ji is, given ij."""

    HERMITIAN = "hermitian"
    """The conjugate: couplings of Dirac fields and of any vector current."""
    SYMMETRIC = "symmetric"
    """The same real number: a scalar and Majorana neutrinos."""
    ANTISYMMETRIC = "antisymmetric"
    """Minus the same real number: moments of Majorana neutrinos."""


PARTNER: dict[Symmetry, Callable[[Any], Any]] = {
    Symmetry.HERMITIAN: np.conj,
    Symmetry.SYMMETRIC: np.positive,
    Symmetry.ANTISYMMETRIC: np.negative,
}

MUST_BE = {
    Symmetry.HERMITIAN: "the conjugate of {twin}, since the matrix is hermitian",
    Symmetry.SYMMETRIC: "equal to {twin}, since the matrix is symmetric for Majorana neutrinos",
    Symmetry.ANTISYMMETRIC: "minus {twin}, since the matrix is antisymmetric for Majorana neutrinos",
}

DIAGONAL = {
    Symmetry.HERMITIAN: "a diagonal element of a hermitian matrix is real: drop the imaginary part",
    Symmetry.ANTISYMMETRIC: (
        "a Majorana neutrino is its own antiparticle, and CPT turns a diagonal moment into minus itself, "
        'so it cannot have one: give 12, 13 or 23, or neutrino.nature = "dirac"'
    ),
}


@dataclass(frozen=True, slots=True)
class CouplingMatrix:
    """Elements of a matrix as they were given; what is not given is 0 or follows from its partner.

    Which partner it is (conjugate, equal, opposite) depends on the vertex and on the nature of the
    neutrinos, so the matrix is completed where it is used.

    Parameters
    ----------
    entries
        (name, value) with names "11" … "33", sorted; a value may be an array over parameter axes.

    Examples
    --------
    >>> g = CouplingMatrix.from_elements({"11": 1e-14, "12": [2e-14, 1e-14]})
    >>> g.completed(Symmetry.HERMITIAN)[1, 0] == 2e-14 - 1e-14j
    np.True_
    >>> g == CouplingMatrix.from_elements(g.elements())
    True
    """

    entries: tuple[tuple[str, complex], ...] = ()

    @classmethod
    def from_elements(
        cls, table: Mapping[str, float | Sequence[float]], where: str = "interaction.couplings"
    ) -> Self:
        """Build from a table of elements: a number, or [re, im].

        Parameters
        ----------
        table
            Values by element name.
        where
            Key path for messages.

        Raises
        ------
        ConfigError
            If a name is not "11" … "33" or a value is not a finite number or pair of them; one line each.
        """
        entries, problems = [], []
        for name, given in sorted(table.items()):
            parts = list(given) if isinstance(given, Sequence) and not isinstance(given, str) else [given]
            if name not in ORDERED_PAIRS:
                problems.append(
                    f"{where}.{name}: no such element; rows and columns are numbered from 1, so give 11 … 33"
                )
            elif not (len(parts) in (1, 2) and all(_is_number(part) for part in parts)):
                problems.append(f"{where}.{name} = {given!r}: must be a finite number or [re, im]")
            else:
                entries.append((name, complex(*parts)))
        if problems:
            raise ConfigError(*problems)
        return cls(tuple(entries))

    def elements(self) -> dict[str, float | list[float]]:
        """Return the table that `from_elements` turns into this matrix, bit for bit."""
        return {name: z.real if z.imag == 0 else [z.real, z.imag] for name, z in self.entries}

    def with_element(self, name: str, value: ArrayLike) -> Self:
        """Return the matrix with ij = value (an array over parameter axes, or a number) and ji following.

        Raises
        ------
        ConfigError
            If the name is not "11" … "33".
        """
        if name not in ORDERED_PAIRS:
            raise ConfigError(f"element {name!r}: no such element; give 11 … 33")
        others = [entry for entry in self.entries if entry[0] not in (name, name[::-1])]
        new: Any = np.asarray(value, dtype=np.complex128)
        return type(self)(tuple(sorted([*others, (name, new if new.ndim else complex(new))], key=_name)))

    def problems(self, symmetry: Symmetry, where: str) -> list[str]:
        """Return what contradicts the rule, one line per element; empty if nothing does."""
        given, found = dict(self.entries), []
        for name, value in self.entries:
            i, j = name[0], name[1]
            twin = j + i
            wrong_twin = twin in given and np.any(value != PARTNER[symmetry](given[twin]))
            if symmetry is not Symmetry.HERMITIAN and np.any(np.imag(value) != 0):
                what = "must be real for Majorana neutrinos: give a number instead of [re, im]"
            elif i == j and wrong_twin:
                what = DIAGONAL[symmetry]
            elif i > j and wrong_twin:
                must = MUST_BE[symmetry].format(twin=f"{twin} = {_shown(given[twin])}")
                what = f"must be {must}: give only one of them"
            else:
                continue
            found.append(f"{where}.{name} = {_shown(value)}: {what}")
        return found

    def completed(self, symmetry: Symmetry, where: str = "interaction.couplings") -> ComplexArray:
        """Return the full matrix, shape (..., 3, 3).

        Raises
        ------
        ConfigError
            If elements contradict the rule.
        """
        return complete({where: self}, symmetry)[0]


NO_COUPLINGS = CouplingMatrix()
"""The matrix of zeros."""


def contradictions(matrices: Mapping[str, CouplingMatrix], symmetry: Symmetry) -> list[str]:
    """Return where matrices, given by their key paths, contradict the rule; a line for each element."""
    return [line for where, matrix in matrices.items() for line in matrix.problems(symmetry, where)]


def complete(matrices: Mapping[str, CouplingMatrix], symmetry: Symmetry) -> list[ComplexArray]:
    """Return matrices, given by their key paths, completed; shapes (..., 3, 3).

    Raises
    ------
    ConfigError
        If elements contradict the rule, a line for each of them.
    """
    if problems := contradictions(matrices, symmetry):
        raise ConfigError(*problems)
    full = []
    for matrix in matrices.values():
        shape = np.broadcast_shapes(*(np.shape(value) for _, value in matrix.entries))
        array = np.zeros((*shape, 3, 3), dtype=np.complex128)
        for name, value in matrix.entries:
            i, j = int(name[0]) - 1, int(name[1]) - 1
            array[..., j, i] = PARTNER[symmetry](value)
            array[..., i, j] = value
        full.append(array)
    return full


def per_pair(value: ArrayLike) -> NDArray[np.float64]:
    """Give a number over parameter axes, shape (...), the two axes of the pairs: (..., 1, 1)."""
    return np.asarray(value, dtype=np.float64)[..., None, None]


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _name(entry: tuple[str, object]) -> str:
    return entry[0]


def _shown(value: Any) -> str:
    if np.ndim(value):
        return f"array of shape {np.shape(value)}"
    return f"{value.real!r}" if value.imag == 0 else f"[{value.real!r}, {value.imag!r}]"
