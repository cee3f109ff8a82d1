"""Speed, as ratios measured in one run; a command, not part of the tests."""
