"""The one exception for what a user can put right; the commands print it as a single line."""


class UserError(ValueError):
    """A wrong setting or input file; the message names it, the value, and what is allowed or what to do."""
