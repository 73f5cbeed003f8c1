"""The program: its commands, its exit codes, its one place for error messages."""

import signal
import sys
from typing import Annotated, Any, NoReturn

import typer

from renp_sim.cli import (
    check,
    export,
    figures,
    fit,
    generate,
    init,
    inspect,
    keys,
    merge,
    rate,
    reweight,
    run,
    spectrum,
)
from renp_sim.errors import ConfigError, RenpError

__all__ = ["main"]

app = typer.Typer(
    name="renp-sim",
    help="Monte Carlo event simulator for atomic Radiative Emission of Neutrino Pairs (RENP).",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
for command in (
    init.init,
    check.check,
    keys.keys,
    rate.rate,
    generate.generate,
    inspect.inspect,
    spectrum.spectrum,
    fit.fit,
    run.run,
    figures.figures,
    reweight.reweight,
    merge.merge,
    export.export,
):
    app.command()(command)


def _print_version(asked: bool) -> None:
    if asked:
        from importlib.metadata import version

        print(f"renp-sim {version('renp-sim')}")
        raise typer.Exit


@app.callback()
def _program(
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    pass


def _interrupted(number: int, frame: object) -> NoReturn:
    print("renp-sim: interrupted", file=sys.stderr)
    # unlike KeyboardInterrupt it passes through the command line library, and everything is cleaned up
    sys.exit(130)


def main(arguments: list[str] | None = None) -> Any:
    """Run the program and exit: 0, 2 configuration, 3 file or schema, 4 numerics or fit, 130 interrupted."""
    signal.signal(signal.SIGINT, _interrupted)
    try:
        app(arguments, prog_name="renp-sim", standalone_mode=True)
    except RenpError as error:
        lines = error.problems if isinstance(error, ConfigError) else str(error).splitlines()
        for line in lines:
            print(f"renp-sim: {line}", file=sys.stderr)
        sys.exit(error.exit_code)
    except MemoryError:
        print("renp-sim: out of memory: ask for fewer photons, steps or points", file=sys.stderr)
        sys.exit(4)
    except BrokenPipeError:
        # whoever reads our output has seen enough, as in `renp-sim rate … | head`
        sys.stderr.close()
        sys.exit(0)
