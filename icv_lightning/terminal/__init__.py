"""How every command meets the terminal: its exit status, its output, what it suggests next."""
