"""What is asked: the scenario's schema, and reading it from YAML with every error at its place."""
