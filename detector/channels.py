"""Channels: which part of the detector a photon reaches, and whether that sees it."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from detector.domain import Positive, Range, require_ranges
from detector.efficiency import Efficiency

__all__ = ["Channel", "Channels", "reached", "seen_by"]

FloatArray = NDArray[np.float64]
ChannelArray = NDArray[np.int16]

ROUNDING = 1e-9
"""By which a sum of shares that were written in decimals may be above 1."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Channel:
    """One channel.

    Parameters
    ----------
    share
        Probability that a photon reaches this channel, in (0, 1].
    efficiency
        Probability that it is seen there.
    """

    share: Positive = 1.0
    efficiency: Efficiency

    def __post_init__(self) -> None:
        require_ranges(self)

    def at(self, energy_eV: FloatArray) -> FloatArray:
        """Return the probability that photons reach this channel and are seen, same shape."""
        seen = self.efficiency.at(energy_eV)
        return seen if self.share == 1 else self.share * seen


@dataclass(frozen=True, slots=True, kw_only=True)
class Channels:
    """Channels side by side, which photons reach at random: Σ share · ε(E) is the efficiency of them all.

    A photon that reaches none of them, where the shares sum to less than 1, is lost.

    Parameters
    ----------
    channels
        At least one; their numbers, from 0, are those of the ntuple.

    Raises
    ------
    ValueError
        If there is none, or the shares sum to more than 1.

    Examples
    --------
    >>> from detector.efficiency import Constant
    >>> halves = [Channel(share=0.5, efficiency=Constant(value=value)) for value in (0.2, 0.4)]
    >>> two = Channels(channels=tuple(halves))
    >>> energy_eV, uniform = np.full(3, 1.07), np.array([0.05, 0.2, 0.4])
    >>> two.at(energy_eV).round(3), seen_by(two, energy_eV, uniform)
    (array([0.3, 0.3, 0.3]), array([ 0,  1, -1], dtype=int16))
    """

    channels: tuple[Channel, ...]

    def __post_init__(self) -> None:
        if not self.channels:
            raise ValueError("channels: needs at least one")
        total = sum(channel.share for channel in self.channels)
        if total not in Range(0, 1 + ROUNDING):
            raise ValueError(f"channels: their shares sum to {total:g}: must be at most 1")

    @classmethod
    def of(cls, efficiency: "Efficiency | Channels") -> "Channels":
        """Return channels; one efficiency is that of a single channel that every photon reaches."""
        if isinstance(efficiency, Channels):
            return efficiency
        return cls(channels=(Channel(efficiency=efficiency),))

    @property
    def is_perfect(self) -> bool:
        """Whether every photon is seen, so that nothing need be drawn."""
        first, *others = self.channels
        return first.efficiency.is_perfect and first.share == 1 and not others

    @property
    def breaks_eV(self) -> tuple[float, ...]:
        """Points between which the sum is smooth, for quadrature."""
        return tuple(x for channel in self.channels for x in channel.efficiency.breaks_eV)

    def cuts_eV(self, sigma_eV: float) -> tuple[float, ...]:
        """Return the breaks that a rule for Gaussians of this σ needs: none of steps as wide as that."""
        sharp = [c.efficiency for c in self.channels if getattr(c.efficiency, "width_eV", 0.0) < sigma_eV]
        return tuple(x for efficiency in sharp for x in efficiency.breaks_eV)

    def at(self, energy_eV: FloatArray) -> FloatArray:
        """Return Σ share · ε, of the shape of the energies."""
        first, *others = (channel.at(energy_eV) for channel in self.channels)
        return sum(others, start=first)


def seen_by(efficiency: Efficiency | Channels, energy_eV: FloatArray, uniform: FloatArray) -> ChannelArray:
    """Return the channel that sees each photon, −1 where none does, shape (n,).

    Parameters
    ----------
    efficiency
        That of channel 0 alone, or several channels.
    energy_eV, uniform
        Energies, and a random number in [0, 1) for each, shape (n,): one number decides both where the photon
        goes and whether it is seen.
    """
    if not isinstance(efficiency, Channels):
        return (uniform < efficiency.at(energy_eV)).astype(np.int16) - np.int16(1)
    bounds = np.cumsum([channel.at(energy_eV) for channel in efficiency.channels], axis=0)
    number = np.sum(uniform >= bounds, axis=0)
    return np.where(number < len(bounds), number, -1).astype(np.int16)


def reached(efficiency: Efficiency | Channels, n: int, rng: np.random.Generator) -> ChannelArray:
    """Return the channel of n counts that no efficiency takes, by the shares; one channel draws nothing."""
    if not isinstance(efficiency, Channels) or len(efficiency.channels) == 1:
        return np.zeros(n, dtype=np.int16)
    bounds = np.cumsum([channel.share for channel in efficiency.channels])
    number = np.searchsorted(bounds[:-1], rng.random(n) * bounds[-1], side="right")
    return np.asarray(number, dtype=np.int16)
