"""The run file: sections, reading, problems, and the run that is built from it."""
