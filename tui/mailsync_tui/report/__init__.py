"""Plans, runs, undo and errors as sentences and states, for the app and the commands."""
