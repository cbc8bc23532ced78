"""The built site in a real browser, with no network."""
