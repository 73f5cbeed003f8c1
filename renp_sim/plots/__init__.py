"""Figures; knows no physics but the names on its axes."""
