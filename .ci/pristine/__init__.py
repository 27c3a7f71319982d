"""Continuous integration: what the README promises, tried in Debian roots in which nothing is installed.

Only the standard library is used: this package runs before anything of the project is installed.
"""
