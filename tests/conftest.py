"""Objects that many tests start from, and a budget of time for campaigns."""

import math
import signal
import sys
import time
from collections.abc import Iterator

import pytest

from renp_sim.physics.atom import known_atoms
from renp_sim.physics.interactions import StandardModel
from renp_sim.physics.neutrino import Nature, Neutrinos, Ordering, Oscillation
from renp_sim.physics.rates import Emission
from renp_sim.physics.target import Target

STARTED = time.monotonic()
NOT_RUN = "not run: the budget is used up"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--budget", type=float, default=math.inf, help="start no test after so many seconds")


def pytest_runtest_setup(item: pytest.Item) -> None:
    if time.monotonic() - STARTED > item.config.getoption("--budget"):
        pytest.skip(NOT_RUN)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Name what the budget left out: it neither passed nor failed."""
    left = [r.nodeid for r in terminalreporter.stats.get("skipped", []) if NOT_RUN in str(r.longrepr)]
    if left:
        terminalreporter.section(f"{len(left)} tests {NOT_RUN}", sep="=")
        terminalreporter.write_line("\n".join(left))


@pytest.fixture(autouse=True)
def own_signals() -> Iterator[None]:
    """A command that a test calls in this process takes Ctrl-C for itself: give it back."""
    handlers = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGALRM)}
    hook = sys.unraisablehook
    yield
    for number, handler in handlers.items():
        signal.signal(number, handler)
    sys.unraisablehook = hook


@pytest.fixture
def yb_emission() -> Emission:
    """GP23's set-up: Yb, normal ordering, Dirac, 10 meV."""
    return Emission(
        target=Target(atom=known_atoms()["Yb"]),
        neutrinos=Neutrinos.from_lightest_mass(0.01, Oscillation.nufit(Ordering.NORMAL)),
        interaction=StandardModel(),
    )


@pytest.fixture
def yb_majorana_emission() -> Emission:
    """The same with Majorana neutrinos and phases, inverted ordering: unequal masses, linear terms."""
    oscillation = Oscillation.nufit(Ordering.INVERTED, alpha21_deg=90.0, alpha31_deg=40.0)
    return Emission(
        target=Target(atom=known_atoms()["Yb"]),
        neutrinos=Neutrinos.from_lightest_mass(0.02, oscillation, Nature.MAJORANA),
        interaction=StandardModel(),
    )
