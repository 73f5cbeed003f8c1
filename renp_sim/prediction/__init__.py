"""Expected counts as a model that the analysis can use: physics × laser × detector."""
