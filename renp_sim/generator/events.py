"""Truth events: a block of photon emissions, and the four-momenta that follow from each.

Implements section "Event kinematics": photon k = (0, 0, ω), neutrinos opposite to it; sums and mass
shells are exact, since nothing goes through acos or sqrt(E² − m²).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from renp_sim.arrays import FloatArray
from renp_sim.generator.source import Source

__all__ = ["PairMomenta", "TruthBlock", "draw_block", "empty_block", "pair_momenta"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class TruthBlock:
    """At most 32 768 photon emissions of one step, consecutive in time; arrays of shape (m,).

    Parameters
    ----------
    source
        The table that the entries refer to.
    entry
        Row of the source's table.
    emission_time_s
        Since the start of the run, in order.
    omega_emitted_eV
        Photon energy inside the line.
    cos_theta_star, phi
        Decay angles of the pair: polar angle of ν_i in the pair's rest frame, azimuth in [0, 2π).
    x_cm, y_cm, z_cm
        Emission point in the cylinder, z along the laser from 0 to its length.
    """

    source: Source
    entry: NDArray[np.intp]
    emission_time_s: FloatArray
    omega_emitted_eV: FloatArray
    cos_theta_star: FloatArray
    phi: FloatArray
    x_cm: NDArray[np.float32]
    y_cm: NDArray[np.float32]
    z_cm: NDArray[np.float32]

    def __len__(self) -> int:
        return len(self.entry)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PairMomenta:
    """Energies and momenta of ν_i and ν_j, eV, shape (m,)."""

    nu_i_energy_eV: FloatArray
    nu_j_energy_eV: FloatArray
    nu_i_px_eV: FloatArray
    nu_i_py_eV: FloatArray
    nu_i_pz_eV: FloatArray
    nu_j_px_eV: FloatArray
    nu_j_py_eV: FloatArray
    nu_j_pz_eV: FloatArray


def draw_block(
    source: Source, times_s: FloatArray, radius_cm: float, length_cm: float, rng: np.random.Generator
) -> TruthBlock:
    """Draw the truth of emissions at given times, shape (m,).

    The numbers are drawn in a fixed order, so a block is the same whoever draws it.
    """
    m = len(times_s)
    if m == 0 or source.choice is None:
        return empty_block(source)
    entry = source.choice.draw(rng.random(m))
    cosine = source.cosine.invert(entry, rng.random(m))
    phi = rng.random(m)
    phi *= 2 * np.pi
    vertex = rng.random((3, m), dtype=np.float32)
    radius = np.sqrt(vertex[0], out=vertex[0])
    radius *= np.float32(radius_cm)
    azimuth = vertex[1]
    azimuth *= np.float32(2 * np.pi)
    y_cm = np.sin(azimuth)
    y_cm *= radius
    x_cm = np.cos(azimuth, out=azimuth)
    x_cm *= radius
    vertex[2] *= np.float32(length_cm)
    return TruthBlock(
        source=source,
        entry=entry,
        emission_time_s=times_s,
        omega_emitted_eV=_photon_energies(source, entry, rng),
        cos_theta_star=cosine,
        phi=phi,
        x_cm=x_cm,
        y_cm=y_cm,
        z_cm=vertex[2],
    )


def _photon_energies(source: Source, entry: NDArray[np.intp], rng: np.random.Generator) -> FloatArray:
    if source.is_sharp:
        return np.full(len(entry), source.omega_eV)
    # the smaller one of two even numbers has a density that falls to 0 at 1
    root = rng.random(len(entry))
    np.minimum(root, rng.random(len(entry)), out=root)
    root *= source.root_width_eV.take(entry)
    root += source.root_eV.take(entry)
    q2 = np.square(root, out=root)
    q2 += source.s_plus_eV2.take(entry)
    # ω = (E_eg − q²/E_eg)/2
    q2 *= -0.5 / source.e_eg_eV
    q2 += source.e_eg_eV / 2
    return q2


def empty_block(source: Source) -> TruthBlock:
    """Return a block without emissions."""
    nothing, nowhere = np.empty(0), np.empty(0, dtype=np.float32)
    return TruthBlock(
        source=source,
        entry=np.empty(0, dtype=np.intp),
        emission_time_s=nothing,
        omega_emitted_eV=nothing,
        cos_theta_star=nothing,
        phi=nothing,
        x_cm=nowhere,
        y_cm=nowhere,
        z_cm=nowhere,
    )


def pair_momenta(
    source: Source,
    entry: NDArray[np.intp],
    omega_eV: FloatArray,
    cos_theta_star: FloatArray,
    phi: FloatArray,
) -> PairMomenta:
    """Return the neutrinos of events, all arrays of shape (m,).

    E_i = e_i + bc, p_i∥ = (P/2)(1+d) + (q0Δ/2)c, p_T = (√q² Δ/2) sqrt(1−c²), with P = ω.
    """
    e_eg_eV = source.e_eg_eV
    q0 = e_eg_eV - omega_eV
    q2 = omega_eV * -2.0
    q2 += e_eg_eV
    q2 *= e_eg_eV
    # Δ = sqrt[(q²−s₊)(q²−s₋)]/q²; a photon rounded onto its threshold has Δ = 0
    delta = source.s_plus_eV2.take(entry)
    np.subtract(q2, delta, out=delta)
    np.maximum(delta, 0.0, out=delta)
    work = source.s_minus_eV2.take(entry)
    np.subtract(q2, work, out=work)
    delta *= work
    np.sqrt(delta, out=delta)
    delta /= q2
    share_i = source.difference_eV2.take(entry)
    share_i /= q2
    share_i += 1
    share_i *= 0.5
    boost = np.multiply(delta, cos_theta_star, out=work)
    boost *= 0.5
    energy_i = q0 * share_i
    share_i *= omega_eV
    parallel_i = share_i
    energy_j = omega_eV * boost
    energy_i += energy_j
    np.subtract(q0, energy_i, out=energy_j)
    boost *= q0
    parallel_i += boost
    transverse = np.square(cos_theta_star, out=boost)
    np.subtract(1.0, transverse, out=transverse)
    transverse *= q2
    np.sqrt(transverse, out=transverse)
    transverse *= delta
    transverse *= 0.5
    # cos and sin through the tangent of half the angle, which is four times as fast
    half = np.multiply(phi, 0.5, out=q0)
    np.tan(half, out=half)
    scale = np.square(half, out=q2)
    scale += 1
    np.divide(transverse, scale, out=scale)
    # 2/(1 + t²) − 1 = cos φ, 2t/(1 + t²) = sin φ
    scale *= 2
    px = np.subtract(scale, transverse, out=transverse)
    py = np.multiply(scale, half, out=scale)
    parallel_j = np.subtract(parallel_i, omega_eV, out=delta)
    return PairMomenta(
        nu_i_energy_eV=energy_i,
        nu_j_energy_eV=energy_j,
        nu_i_px_eV=px,
        nu_i_py_eV=py,
        nu_i_pz_eV=np.negative(parallel_i, out=parallel_i),
        nu_j_px_eV=np.negative(px, out=half),
        nu_j_py_eV=-py,
        nu_j_pz_eV=parallel_j,
    )
