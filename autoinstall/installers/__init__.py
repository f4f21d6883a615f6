"""The back-ends: each describes the commands that plan and install; none runs anything."""
