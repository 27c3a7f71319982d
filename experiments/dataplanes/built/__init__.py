"""Built by us, from the commands that a person would type."""
