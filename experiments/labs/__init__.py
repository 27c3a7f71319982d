"""Labs: where a mode is built. One module a lab, the same verbs in each (see ``base``)."""
