"""A conversation: follow-ups completed by rules from what was asked and quoted before."""
