"""The generated files: written by `python -m deploy.generate`, compared by `python -m deploy.generate --check`."""
