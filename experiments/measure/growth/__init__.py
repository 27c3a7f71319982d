"""How a control plane grows with its nodes: built, watched and changed on one kernel."""
