"""The Poisson likelihood, its constraints, and the expectation in the forms that a fit is fast with."""
