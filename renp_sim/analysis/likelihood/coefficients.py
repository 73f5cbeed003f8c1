"""The coefficients of expected counts that are a polynomial in the free parameters, as a model tells them."""

from typing import TYPE_CHECKING

import numpy as np

from renp_sim.arrays import FloatArray

if TYPE_CHECKING:
    from renp_sim.analysis.model import Model, Quadratic

__all__ = ["Coefficients", "Exponents", "coefficients_of"]


Exponents = tuple[int, ...]

Coefficients = dict[Exponents, FloatArray]
"""Coefficients of a polynomial, shape (n,), by exponents."""

LINEARITY_TOLERANCE = 1e-9
"""How well a third value must lie on the line through two, relative, for a parameter to count as linear
(test_norm_that_is_not_linear_is_not_taken_for_linear)."""


def coefficients_of(model: "Model", free: tuple[str, ...], theta: FloatArray) -> Coefficients | None:
    """Return the coefficients of μ in the free parameters, the rest at θ (p,), or None if it is none.

    A model tells where it is quadratic. A normalisation times a squared coupling is not, but it is linear
    in the normalisation with quadratics as coefficients, which two calls give and a third confirms.
    """
    quadratic = model.quadratic(free, theta)
    if quadratic is not None:
        return _quadratic_terms(quadratic)
    if any(model.quadratic((name,), theta) is None for name in free):
        return None
    return _expanded(model, free, frozenset(_largest_form(model, free, theta)), theta)


def _largest_form(model: "Model", free: tuple[str, ...], theta: FloatArray) -> list[str]:
    """Return many parameters in which μ is one quadratic form: what is left out is looked at one by one.

    A factor of each step, of which there may be many, multiplies no other one: taken one by one they would
    cost three times as much for each.
    """
    largest: list[str] = []
    seeds = list(free)
    while seeds:
        form = [seeds[0]]
        for name in free:
            if name not in form and model.quadratic((*form, name), theta) is not None:
                form.append(name)
        seeds = [name for name in seeds if name not in form]
        largest = max(largest, form, key=len)
    return largest


def _expanded(
    model: "Model", free: tuple[str, ...], form: frozenset[str], theta: FloatArray
) -> Coefficients | None:
    """Return the coefficients, of what is not in the form first; None if μ is no polynomial."""
    quadratic = model.quadratic(free, theta)
    if quadratic is not None:
        return _quadratic_terms(quadratic)
    if len(free) == 1:
        return None
    for name in sorted(free, key=form.__contains__):
        terms = _linear_in(model, free.index(name), name, free, form, theta)
        if terms is not None:
            return terms
    return None


def _linear_in(
    model: "Model",
    position: int,
    name: str,
    free: tuple[str, ...],
    form: frozenset[str],
    theta: FloatArray,
) -> Coefficients | None:
    """Return the coefficients if μ is linear in one parameter and polynomial in the rest."""
    own = model.quadratic((name,), theta)
    if own is None or np.any(own.square != 0):
        return None
    index = [parameter.name for parameter in model.parameters].index(name)
    rest = free[:position] + free[position + 1 :]
    at: list[Coefficients] = []
    values = (0.0, 0.5, 1.0)
    for value in values:
        moved = theta.copy()
        moved[index] = value
        terms = _expanded(model, rest, form, moved)
        if terms is None:
            return None
        at.append(terms)
    out: Coefficients = {}
    zero = np.zeros_like(own.constant)
    for exponents in {e for terms in at for e in terms}:
        c0, c1, c2 = (terms.get(exponents, zero) for terms in at)
        if np.any(np.abs(c2 - 2 * c1 + c0) > LINEARITY_TOLERANCE * (np.abs(c2) + np.abs(c0))):
            return None
        out[(*exponents[:position], 0, *exponents[position:])] = c0
        out[(*exponents[:position], 1, *exponents[position:])] = c2 - c0
    constant = (0,) * len(free)
    return {constant: out[constant]} | {e: c for e, c in out.items() if np.any(c != 0)}


def _quadratic_terms(quadratic: "Quadratic") -> Coefficients:
    """Return the coefficients of a quadratic form by exponents; those that vanish are left out."""
    n_free = quadratic.linear.shape[1]
    unit = np.eye(n_free, dtype=int)
    out = {(0,) * n_free: quadratic.constant}
    for p in range(n_free):
        if np.any(quadratic.linear[:, p] != 0):
            out[tuple(unit[p].tolist())] = quadratic.linear[:, p]
        for q in range(p + 1):
            coefficient = quadratic.square[:, p, q] + (quadratic.square[:, q, p] if p != q else 0.0)
            if np.any(coefficient != 0):
                out[tuple((unit[p] + unit[q]).tolist())] = coefficient
    return out
