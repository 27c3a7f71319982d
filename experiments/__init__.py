"""Podpath: how pods talk across nodes, mode by mode, measured.

Data goes one way: modes -> lab -> dataplane -> probes -> results -> data/ -> site -> docs.
Nothing later in that line is imported by anything earlier.
"""

__version__ = "0.1.0"
