"""Example run files; their names can stand where a command takes a run file."""
