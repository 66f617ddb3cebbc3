"""Settings, without torch: composing them, their declarations and checks, the identity of a cell."""
