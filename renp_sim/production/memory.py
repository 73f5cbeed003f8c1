"""Memory that is used again and again."""

import ctypes
import sys

__all__ = ["keep_freed_memory"]

M_TRIM_THRESHOLD = -1
M_MMAP_THRESHOLD = -3
KEPT_BYTES = 1 << 28


def keep_freed_memory() -> None:
    """Tell glibc to keep what is freed instead of giving it back to the kernel.

    A block of events is some fifty arrays of a quarter of a megabyte, freed together: glibc would return
    them each time, and each time the kernel would hand out and clear the same pages anew, a third of the
    time of the event kernel (benchmarks/bench_generate.py). It holds for the whole process and is never
    undone, so it is for who owns the process: commands, workers and benchmarks call it, no function of the
    library does. Other platforms are left as they are.
    """
    if sys.platform != "linux":
        return
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (OSError, AttributeError):
        # another C library
        return
    mallopt(M_TRIM_THRESHOLD, KEPT_BYTES)
    mallopt(M_MMAP_THRESHOLD, KEPT_BYTES)
