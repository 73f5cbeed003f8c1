"""The report that one can hand on: one page of HTML that needs nothing but itself."""
