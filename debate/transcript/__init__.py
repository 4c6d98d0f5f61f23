"""What happened: events, their fold, and the log on disk."""
