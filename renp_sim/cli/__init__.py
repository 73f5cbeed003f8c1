"""The command line: one file per command, each ends in one library call."""

import sys
from typing import NoReturn

__all__ = ["main"]


def main(arguments: list[str] | None = None) -> NoReturn:
    """Run the program and exit: 0, 2 configuration, 3 file or schema, 4 numerics or fit, 130 interrupted."""
    from renp_sim.cli.interrupt import interruptible

    code: str | int | None = None
    try:
        with interruptible():
            # only now, since imports take long enough to be interrupted
            from renp_sim.cli.program import run_program

            code = run_program(arguments)
    except SystemExit as ended:
        code = ended.code
    from renp_sim.cli.interrupt import ignore_interrupts
    from renp_sim.cli.output import close_output

    code = close_output(code)
    ignore_interrupts()
    sys.exit(code)
