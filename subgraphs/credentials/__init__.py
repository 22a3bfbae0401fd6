"""Badges, progress towards them, and awards."""
