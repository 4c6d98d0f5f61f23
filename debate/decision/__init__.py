"""What a debate decides, by which rule, and when it may stop. Pure."""
