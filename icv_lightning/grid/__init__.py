"""Many cells: their progress, their table."""
