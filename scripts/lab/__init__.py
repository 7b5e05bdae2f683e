"""A private Tor network on this machine, and what is needed to look at it."""
