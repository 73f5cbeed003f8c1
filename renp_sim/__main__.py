"""`python -m renp_sim` is `renp-sim`."""

from renp_sim.cli import main

main()
