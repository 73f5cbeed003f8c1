"""`renp-sim check RUN`."""

from renp_sim.cli.loading import loaded
from renp_sim.cli.options import Json, RunFile, RunNumber, Seed, Settings
from renp_sim.cli.output import print_json

__all__ = ["check"]


def check(
    run_file: RunFile,
    settings: Settings = None,
    seed: Seed = None,
    run_number: RunNumber = None,
    json: Json = False,
) -> None:
    """Check a run file (every error at once) and print what it means, with all defaults."""
    resolved = loaded(run_file, settings, seed=seed, run_number=run_number).resolved()
    if json:
        print_json(resolved, indent=2)
    else:
        import tomli_w

        print(tomli_w.dumps(resolved), end="")
