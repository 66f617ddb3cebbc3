"""What keys may hold, and what the YAML files say of their components; without torch."""
