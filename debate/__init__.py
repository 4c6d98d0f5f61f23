"""A multi-model debate orchestration engine."""
