"""A site of buyers' pages without any service behind it."""

import json
from collections.abc import Awaitable, Callable
from urllib.parse import parse_qs

from playwright.async_api import Page, Route

from shared.web.security import SECURITY_HEADERS, content_security_policy
from tests.support import page_gallery as gallery

ORIGIN = "https://pay.test"
CARD_FIELD = """<!doctype html><title>Card</title><body><input id="number" aria-label="Card number"><script>
const say = (m) => parent.postMessage(m, "https://pay.test");
addEventListener("message", (e) => {
  if (e.origin !== "https://pay.test" || e.data.type !== "paylinks.card.submit") return;
  const n = document.getElementById("number").value;
  if (n === "4242") say({ type: "paylinks.card.token", token: "tok_visa", brand: "visa", last4: "4242" });
  else say({ type: "paylinks.card.invalid", field: "number", message: "Check the card number" });
});
say({ type: "paylinks.card.ready" });
say({ type: "paylinks.card.height", height: 180 });
</script>"""

Open = Callable[..., Awaitable[Page]]


class Site:
    """Answers what the services would: pages by path, the card field, and it remembers what was posted."""

    def __init__(self) -> None:
        self.pages: dict[str, bytes] = {}
        self.versions: list[str] = ["1"]
        self.posted: list[dict[str, list[str]]] = []
        self.stream = True
        self.status = self.version_status = 200

    async def answer(self, route: Route) -> None:
        request = route.request
        path = request.url.removeprefix(ORIGIN).partition("?")[0]
        if request.url.startswith(gallery.PROVIDER):
            await route.fulfill(body=CARD_FIELD, content_type="text/html")
        elif path.endswith(".png"):
            await route.fulfill(body="no picture", content_type="text/plain")
        elif request.method == "POST":
            self.posted.append(parse_qs(request.post_data or "", keep_blank_values=True))
            await route.fulfill(body="<title>posted</title>", content_type="text/html")
        elif path.endswith("/state"):
            await route.fulfill(status=self.version_status, json={"version": self.versions[-1]})
        elif path.endswith("/stream"):
            said = f"retry: 100\ndata: {json.dumps({'version': self.versions[-1]})}\n\n"
            await route.fulfill(status=200 if self.stream else 204, body=said, content_type="text/event-stream")
        else:
            policy = content_security_policy(gallery.NONCE, frame_origins=[gallery.PROVIDER])
            headers = {**SECURITY_HEADERS, "Content-Security-Policy": policy}
            body, status = self.pages[path], self.status
            await route.fulfill(body=body, status=status, content_type="text/html; charset=utf-8", headers=headers)
