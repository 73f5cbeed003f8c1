"""The program: its commands, its exit codes, its one place for error messages."""

import sys
from io import TextIOWrapper
from typing import Annotated, Any

import typer

from renp_sim.cli.commands import COMMANDS, Commands, stand_in
from renp_sim.cli.output import complain
from renp_sim.errors import ConfigError, RenpError

__all__ = ["run_program"]

COUNTS = ("numpy", "scipy", "uproot", "iminuit")
"""What numbers pass through, and may depend on."""

# the library's own error of the command line, which it exports a child of only
_ClickError: type[Exception] = typer.BadParameter.__mro__[2]

app = typer.Typer(
    name="renp-sim",
    cls=Commands,
    help="Monte Carlo event simulator for atomic Radiative Emission of Neutrino Pairs (RENP).",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
for name, line in COMMANDS.items():
    app.command(name, help=line)(stand_in)


def _print_version(asked: bool) -> None:
    if asked:
        from importlib.metadata import version
        from platform import python_version

        from renp_sim.ntuple.schema import SCHEMA_VERSION

        numbers = ", ".join(f"{name} {version(name)}" for name in COUNTS)
        print(
            f"renp-sim {version('renp-sim')} (schema {SCHEMA_VERSION}; Python {python_version()}, {numbers})"
        )
        raise typer.Exit


@app.callback()
def _program(
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    pass


def run_program(arguments: list[str] | None = None) -> int:
    """Run a command and return the exit code."""
    output = sys.stdout
    if isinstance(output, TextIOWrapper):
        # a file name may have bytes that are no text, and a terminal may know no Greek
        output.reconfigure(errors="backslashreplace")
    if any("\0" in argument for argument in arguments or ()):
        # no shell can give one, and not every version of the libraries says so
        complain("a null byte is no part of a name")
        return 2
    try:
        # a command returns nothing, and the library the code of an exit
        return app(arguments, prog_name="renp-sim", standalone_mode=False) or 0
    except _ClickError as error:
        return _complain_of_usage(error)
    except BrokenPipeError:
        return 0
    except SystemExit as ended:
        # the libraries that print exit with 1 where nobody reads any more: whoever does has seen enough
        if isinstance(ended.__context__, BrokenPipeError):
            return 0
        raise
    except RenpError as error:
        for line in error.problems if isinstance(error, ConfigError) else [str(error)]:
            complain(line)
        return error.exit_code
    except MemoryError:
        complain("out of memory: ask for fewer photons, steps or points")
        return 4
    except OSError as error:
        complain(f"{error.filename or 'output'}: cannot be read or written ({error.strerror or error})")
        return 3


def _complain_of_usage(error: Any) -> int:
    """Say in one line what is wrong with a command line; where nothing was given its help is the answer."""
    code: int = error.exit_code
    if type(error).__name__ == "NoArgsIsHelpError":
        error.show()
        return code
    command = "renp-sim" if error.ctx is None else error.ctx.command_path
    said = " ".join(error.format_message().split()).removesuffix(".").replace("Value error, ", "")
    name = command.removeprefix("renp-sim").strip()
    complain(f"{name + ': ' if name else ''}{said[:1].lower()}{said[1:]}: see `{command} --help`")
    return code
