"""What was read out of a completion: reply schemas, extraction, normalising, equivalence. Pure."""
