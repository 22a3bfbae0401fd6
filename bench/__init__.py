"""Measurements: programs that print figures and hold nothing. Tests hold what must not change; see `tests/`."""
