"""Intervals, tests and verdicts, for any claim."""
