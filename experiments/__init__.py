"""Podpath: how pods talk across nodes, mode by mode, measured.

Data goes one way: modes -> lab -> dataplane -> probes -> results -> data/ -> site -> docs.
Nothing later in that line is imported by anything earlier.
"""

import sys

if sys.version_info < (3, 11):  # before anything that an older Python cannot read is imported
    raise SystemExit(f"Podpath needs Python 3.11 or newer, and this is {sys.version_info[0]}.{sys.version_info[1]}. Make the "
                     "virtual environment with a newer one; on Ubuntu 22.04: `apt-get install python3.11 python3.11-venv`, "
                     "then `python3.11 -m venv .venv`.")

__version__ = "0.1.0"
