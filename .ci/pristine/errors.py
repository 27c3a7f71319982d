"""What ends continuous integration: a step that failed, with what is to be known of it."""


class Failed(Exception):
    """A step failed, or could not be taken: then CI is red, and never silently smaller."""
