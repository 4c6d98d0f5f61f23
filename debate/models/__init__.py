"""Who answers: the ChatModel port and what stands behind it."""
