"""What a participant is given to read: what it may hear, put into a template, as messages."""
