"""Settings, without torch: composing and checking them, the identity of a cell."""
