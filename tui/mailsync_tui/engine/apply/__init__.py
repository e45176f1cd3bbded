"""A plan to changes, journalled."""
