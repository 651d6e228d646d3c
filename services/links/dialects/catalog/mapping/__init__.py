"""`catalog` and the domain: the only place that knows its quirks."""
