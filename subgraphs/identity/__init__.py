"""People, organizations, memberships and sessions."""
