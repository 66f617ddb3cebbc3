"""Are two pictures of one person, and whose is this one: measures on identities that training never saw."""
