"""The command line: one file per command, each ends in one library call."""

import os
import sys
from typing import Final, NoReturn

__all__ = ["main"]

ONE_THREAD: Final = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
"""Matrices of fits are tiny: threads of linear algebra only wait for each other, and took twice the processor
time of one in a campaign of toys (`benchmarks/bench_toys.py`). Whoever sets them has them."""


def main(arguments: list[str] | None = None) -> NoReturn:
    """Run the program and exit: 0, 2 configuration, 3 file or schema, 4 numerics or fit, 130 interrupted."""
    from renp_sim.cli.interrupt import interruptible

    for name in ONE_THREAD:
        os.environ.setdefault(name, "1")
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
