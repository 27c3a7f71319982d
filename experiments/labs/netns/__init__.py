"""The embedded lab: nodes and pods as network namespaces in one private process tree."""
