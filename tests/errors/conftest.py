"""The bad programs are run by `test_errors`, not collected."""

collect_ignore = ["programs"]
