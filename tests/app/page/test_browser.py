"""The page in a real browser; without one these tests are skipped, and fail in CI."""

import os
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
from matplotlib.image import imread

from renp_sim.app.handover import hand_over

BROWSER = next(
    (found for name in ("chromium", "chromium-browser", "google-chrome") if (found := shutil.which(name))),
    None,
)
PATIENCE_S = 90

pytestmark = pytest.mark.skipif(
    BROWSER is None and not os.environ.get("CI"), reason="no chromium on this machine"
)


@pytest.fixture(scope="module")
def page(folder: Path, extras: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    full = tmp_path_factory.mktemp("browser")
    shutil.copytree(folder, full / "all")
    shutil.copytree(extras, full / "all", dirs_exist_ok=True)
    hand_over([full / "all"], full / "page.html")
    return full / "page.html"


def browse(page: Path, *options: str) -> "subprocess.CompletedProcess[str]":
    """Open a page with no network, and return what was printed; it has no script that could run."""
    assert BROWSER is not None, "CI has no chromium"
    command = [
        *(BROWSER, "--headless=new", "--no-sandbox", "--disable-gpu", "--hide-scrollbars"),
        *(f"--user-data-dir={page.parent / 'profile'}", "--enable-logging=stderr", "--disable-dev-shm-usage"),
        "--host-resolver-rules=MAP * ~NOTFOUND",
        *options,
        page.as_uri(),
    ]
    # a wrapper of a distribution may print a fault of its own
    environment = os.environ | {"HOME": str(page.parent)}
    done = subprocess.run(
        command, capture_output=True, text=True, timeout=PATIENCE_S, check=False, env=environment
    )
    assert done.returncode == 0, done.stderr
    return done


def test_it_is_rendered_without_a_word_on_the_console(page: Path) -> None:
    done = browse(page, "--dump-dom")
    assert "CONSOLE" not in done.stderr, done.stderr
    text = done.stdout
    for part in ('id="answer"', 'id="provenance"', "Belts of belts.npz"):
        assert part in text


def test_a_word_on_the_console_is_seen(tmp_path: Path) -> None:
    """The broken twin: a page that complains."""
    twin = tmp_path / "twin.html"
    twin.write_text('<!DOCTYPE html><title>twin</title><script>console.error("missing")</script>')
    assert "CONSOLE" in browse(twin, "--dump-dom").stderr


@pytest.mark.parametrize("width", [500, 1280])
def test_nothing_is_cut_off_at_either_width(page: Path, width: int) -> None:
    """What is wider than the window scrolls within itself: the right margin stays white all along."""
    shot = page.with_name(f"{width}.png")
    browse(page, f"--window-size={width},9000", f"--screenshot={shot}")
    picture = imread(shot)[..., :3]
    assert picture.shape[1] == width
    assert np.mean(picture.min(axis=-1) < 0.9) > 0.02
    assert picture[:, -8:].min() > 0.98


def test_it_prints(page: Path) -> None:
    paper = page.with_name("page.pdf")
    browse(page, "--no-pdf-header-footer", f"--print-to-pdf={paper}")
    data = paper.read_bytes()
    assert data.startswith(b"%PDF")
    assert 4 <= data.count(b"/Type /Page\n") + data.count(b"/Type /Page ") <= 24
