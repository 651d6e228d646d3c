import sys

from cyclopts import App

INTERRUPTED = 130

app = App(name="paylinks", help="Self-hosted payment links.")
# Loaded only when used: a command must not pay for the imports of the others.
app.command("deploy.cli.up:up", name="up")
app.command("deploy.cli.serve:serve", name="serve")
app.command("deploy.cli.migrate:migrate", name="migrate")
app.command("deploy.cli.env:env", name="env")
app.command("deploy.cli.keys:app", name="keys")
app.command("deploy.cli.links:app", name="links")
app.command("deploy.cli.clock:app", name="clock")
app.command("deploy.cli.simulate:app", name="simulate")
app.command("deploy.cli.watch:watch", name="watch")
app.command("deploy.cli.listen:listen", name="listen")
app.command("deploy.cli.dead:app", name="dead")
app.command("deploy.cli.outbox:app", name="outbox")
app.command("deploy.cli.callbacks:app", name="callbacks")
app.command("deploy.cli.accounts:app", name="accounts")
app.command("deploy.cli.reconcile:reconcile", name="reconcile")
app.command("deploy.cli.mails:app", name="mails")
app.command("deploy.cli.ledger:app", name="ledger")
app.command("deploy.cli.organizations:app", name="organizations")
app.command("deploy.cli.members:app", name="members")


def main() -> None:
    if sys.argv[1:] in ([], ["--help"], ["-h"]):
        # What each is for, it says itself.
        for name in list(app):
            app[name]
    try:
        app()
    except KeyboardInterrupt:
        # Ctrl-C before a command listens for it: what a shell expects, without a traceback.
        sys.exit(INTERRUPTED)
