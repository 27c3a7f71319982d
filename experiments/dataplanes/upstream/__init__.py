"""Upstream's own daemons in our labs, in place of what is ours."""
