"""Native's wire shapes to the domain and back: pure functions, and the only place where a quirk of native may live."""
