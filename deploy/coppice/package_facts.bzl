"""What the coppice command, its pages and the package agree about."""

COPPICE_VERSION = "0.4.0"

# As deploy/coppice/verb.cc has them; each has a manual page.
VERBS = ["launch", "stop", "status", "env", "run", "warm", "tree", "stats", "invalidate"]
