"""What is only this paper: its published tables, its claims and how each is judged."""
