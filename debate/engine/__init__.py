"""The one loop: decide, execute, append, evolve. Run, resume, fork and replay are this loop over one log."""
