"""Reading, voting and stopping on recorded debates of others, one module a corpus."""
