"""How far voices agree: embedders, agreement, camps, movement. It never calls a chat model."""
