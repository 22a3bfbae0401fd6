"""Items, media and search."""
