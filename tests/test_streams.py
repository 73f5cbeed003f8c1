import numpy as np
import pytest

from renp_sim import streams
from renp_sim.errors import ConfigError
from renp_sim.streams import Stage, name_keys, stream


def test_a_stream_is_its_address() -> None:
    first = stream(5, Stage.EVENTS, 2, 3).random(4)
    stream(5, Stage.EVENTS, 2, 4).random(1000)
    assert np.array_equal(first, stream(5, Stage.EVENTS, 2, 3).random(4))


@pytest.mark.parametrize("seed", [0, 1, 2**32 - 1, 2**32, 2**64 - 1])
def test_streams_are_those_of_numpys_seed_sequence(seed: int) -> None:
    addresses: list[tuple[Stage, tuple[int, ...]]] = [
        *((Stage.COUNTS, (step,)) for step in (0, 1, 255, 256, 99_999, 2**32 - 1)),
        *((Stage.EVENTS, (step, block)) for step in (0, 77, 2**32 - 1) for block in (0, 1, 2**32 - 1)),
        *((Stage.DETECTOR, (1000, *rest, 3_000_000_000)) for rest in ((0, 0), (0, 1), (1, 0))),
    ]
    for stage, address in addresses:
        sequence = np.random.SeedSequence(seed, spawn_key=(stage.value[0], *address))
        expected = np.random.Generator(np.random.PCG64DXSM(sequence)).integers(2**63, size=4)
        assert np.array_equal(stream(seed, stage, *address).integers(2**63, size=4), expected)


def test_other_addresses_give_other_numbers() -> None:
    seen = {
        float(stream(seed, stage, *address).random())
        for seed in (0, 1, 2**32, 2**64 - 1)
        for stage, address in (
            (Stage.COUNTS, (0,)),
            (Stage.COUNTS, (1,)),
            (Stage.BOUNDARIES, (0,)),
            (Stage.EVENTS, (0, 0)),
            (Stage.EVENTS, (0, 1)),
            (Stage.EVENTS, (1, 0)),
            (Stage.DETECTOR, (0, 0, 0, 0)),
        )
    }
    assert len(seen) == 4 * 7


def test_neighbouring_seeds_are_uncorrelated() -> None:
    """64 pairs of 4096 uniforms: no |correlation| above 5 standard errors; false alarm 4e-5."""
    draws = np.array([stream(seed, Stage.EVENTS, 0, 0).random(4096) for seed in range(65)])
    standard = (draws - 0.5) * np.sqrt(12)
    correlations = np.mean(standard[1:] * standard[:-1], axis=1)
    assert np.max(np.abs(correlations)) < 5 / np.sqrt(4096)


@pytest.mark.parametrize("address", [(1,), (1, 2, 3), (-1, 0), (2**32, 0)])
def test_wrong_addresses_are_refused(address: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="EVENTS"):
        stream(1, Stage.EVENTS, *address)


def test_colliding_names_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    # crc32 of these two words is the same
    with pytest.raises(ConfigError, match="rename"):
        name_keys(["plumless", "buckeroo"])
    assert len(name_keys(["dark", "qed"])) == 2
    monkeypatch.setattr(streams, "name_key", lambda name: 1)
    with pytest.raises(ConfigError, match="rename"):
        name_keys(["a", "b"])


def test_stage_numbers_are_unique() -> None:
    numbers = [stage.value[0] for stage in Stage]
    assert len(set(numbers)) == len(numbers)
