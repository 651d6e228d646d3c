"""A mail server that delivers nowhere: it keeps every mail in a Maildir, and shows them on a page and as JSON."""
