"""The request path: what stands between a debate that asks and a model that answers."""
