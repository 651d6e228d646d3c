"""The shapes of the native API, exactly as they travel. Every field that comes in is bounded."""
