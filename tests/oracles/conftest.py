"""The scripts that make the tables need libraries which the tests do not."""

collect_ignore_glob = ["tables/*.py"]
