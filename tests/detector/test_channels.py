"""Channels side by side: each sees its share, and all of them what one efficiency of the same sum does."""

from dataclasses import replace

import numpy as np
import pytest

from detector.background import Continuum, DarkCounts
from detector.channels import Channel, Channels, seen_by
from detector.efficiency import Constant, TurnOn
from detector.resolution import Gaussian
from detector.response import Detector, StepConditions
from detector.spectrum import Flat
from renp_sim.prediction.exposure import by_channel
from tests.detector.photon_steps import record_step

OMEGA_EV = 1.07
STEP = StepConditions(omega_eV=OMEGA_EV, duration_s=100.0, linewidth_eV=0.0)
TURN_ON = TurnOn(plateau=0.8, energy_eV=1.07, width_eV=0.02)
TWO = Channels(
    channels=(
        Channel(share=0.25, efficiency=Constant(value=0.6)),
        Channel(share=0.65, efficiency=TURN_ON),
    )
)
SKY = Continuum(name="sky", rate_hz=400.0, spectrum=Flat(low_eV=0.8, high_eV=1.3))
DARK = DarkCounts(name="dark", rate_hz=200.0)
DETECTOR = Detector(
    efficiency=TWO,
    resolution=Gaussian(sigma_eV=0.03),
    energy_window_eV=(0.95, 1.2),
    backgrounds=(SKY, DARK),
)
SIGNAL_HZ = 2000.0


def expected_by_channel(detector: Detector) -> np.ndarray:
    """Return mean counts of signal, sky and dark (rows) in each channel, from each channel alone."""
    columns = []
    for channel, alone in by_channel(detector):
        mean = alone.expected(STEP, SIGNAL_HZ)
        dark = DARK.rate_hz * STEP.duration_s * channel.share / 0.9
        columns.append([mean.signal_counts, mean.background_counts[0], dark])
    return np.array(columns).T


def recorded_by_channel(detector: Detector, seed: int) -> np.ndarray:
    records = record_step(detector, STEP, SIGNAL_HZ, n_slices=10, seed=seed)
    found = np.zeros((3, 2), dtype=int)
    for record in records:
        assert record.channel.dtype == np.int16
        np.add.at(found, (record.component + 1, record.channel), 1)
    return found


def test_each_channel_records_its_share() -> None:
    """Six counts at 5 standard deviations: a false alarm in 3.4e-6 of streams. Twins exchange the shares."""
    mean = expected_by_channel(DETECTOR)

    def off(detector: Detector) -> np.ndarray:
        return np.abs(recorded_by_channel(detector, 1) - mean) / np.sqrt(mean)

    assert np.all(off(DETECTOR) < 5)
    first, second = TWO.channels
    exchanged = Channels(channels=(replace(first, share=0.65), replace(second, share=0.25)))
    assert np.all(off(replace(DETECTOR, efficiency=exchanged))[0] > 5)


def test_the_sum_of_the_channels_is_the_detector() -> None:
    whole = DETECTOR.expected(STEP, SIGNAL_HZ)
    counts = [whole.signal_counts, *whole.background_counts]
    assert expected_by_channel(DETECTOR).sum(axis=1) == pytest.approx(counts, rel=1e-12)


def test_one_channel_is_an_efficiency_to_the_bit() -> None:
    alone = Channels(channels=(Channel(efficiency=TURN_ON),))
    one, plain = (replace(DETECTOR, efficiency=e) for e in (alone, TURN_ON))
    for a, b in zip(
        *(record_step(d, STEP, SIGNAL_HZ, n_slices=3, seed=2) for d in (one, plain)), strict=True
    ):
        assert np.array_equal(a.time_s, b.time_s)
        assert np.array_equal(a.energy_eV, b.energy_eV)
        assert not a.channel.any()
        assert not b.channel.any()


def test_a_channel_that_nothing_reaches_or_sees_records_nothing() -> None:
    blind = Channels(channels=(Channel(share=0.5, efficiency=Constant(value=0.0)), *TWO.channels[:1]))
    uniform = np.random.default_rng(1).random(1000)
    assert set(seen_by(blind, np.full(1000, OMEGA_EV), uniform)) == {-1, 1}


def test_cuts_are_those_of_sharp_steps() -> None:
    assert TWO.cuts_eV(1e-3) == ()
    assert TWO.cuts_eV(0.1) == TURN_ON.breaks_eV


def test_shares_are_of_one() -> None:
    with pytest.raises(ValueError, match=r"^channels: their shares sum to 1\.3: must be at most 1$"):
        Channels(channels=(TWO.channels[1], TWO.channels[1]))
    with pytest.raises(ValueError, match="at least one"):
        Channels(channels=())
