"""What the likelihood says: one file a method."""
