"""The kind lab: a Kubernetes cluster in containers, made for one deployment."""
