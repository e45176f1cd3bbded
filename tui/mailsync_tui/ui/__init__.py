"""The terminal app. Nothing below imports it, and nothing but it and its tests imports Textual."""
