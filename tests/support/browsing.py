"""Chromium by playwright: every page keeps what went wrong in it."""

import shutil
from pathlib import Path
from typing import Any

from playwright.async_api import Browser, BrowserContext, ConsoleMessage, Page, Playwright, Request, Response

PHONE = {"width": 360, "height": 740}
DESKTOP = {"width": 1280, "height": 800}
SCREENSHOTS = Path(__file__).parents[1] / "screenshots"


# A whole Chromium, other than playwright's headless shell, makes a window for each profile, and loads the suggestions
# of its address bar into it beforehand: that took more than half of what a test's browser computed.
_ADDRESS_BAR = ["WebUIOmniboxPopup", "WebUIOmniboxAimPopup"]
# The switch replaces playwright's own, so that those of its features that pages can tell are named again.
_AS_PLAYWRIGHT = [
    "AvoidUnnecessaryBeforeUnloadCheckSync",
    "DestroyProfileOnBrowserClose",
    "HttpsUpgrades",
    "HttpsFirstBalancedModeAutoEnable",
    "LensOverlay",
    "MediaRouter",
    "PaintHolding",
    "ThirdPartyStoragePartitioning",
    "AvoidCorsURLLoaderRestartOnRedirect",
    "OptimizationHints",
    "NetworkTimeServiceQuerying",
    "AimEnabled",
    "PreconnectToSearch",
]


async def launch(playwright: Playwright) -> Browser:
    executable = _executable(playwright)
    # As root and in containers Chromium's sandbox cannot be set up, and /dev/shm is too small.
    args = ["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu"]
    if executable:
        args.append(f"--disable-features={','.join(_AS_PLAYWRIGHT + _ADDRESS_BAR)}")
    return await playwright.chromium.launch(executable_path=executable, args=args)


def _executable(playwright: Playwright) -> str | None:
    """Playwright's own Chromium when it is installed (None), else the machine's."""
    if Path(playwright.chromium.executable_path).exists():
        return None
    return next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)


class Visitor:
    """One buyer with a browser profile of their own.

    `problems` holds console errors (a breach of the policy is one), exceptions, failed requests and refused answers;
    those with a status in `expected` are part of the story. `bytes_received` counts what came over the wire, headers
    included, since the last `open`.
    """

    def __init__(self, browser: Browser) -> None:
        self._browser = browser
        self._contexts: list[BrowserContext] = []
        self.problems: list[str] = []
        self.expected: set[int] = set()
        self.bytes_received = 0

    async def open(
        self, url: str | None = None, *, viewport: dict[str, int] | None = None, javascript: bool = True, **options: Any
    ) -> Page:
        """A page in a fresh profile, at `url` when it is given; phone-sized unless told otherwise."""
        context = await self._browser.new_context(
            viewport=viewport or PHONE, java_script_enabled=javascript, locale=options.pop("locale", "en-US"), **options
        )
        self._contexts.append(context)
        page = await self.tab(context)
        if url is not None:
            await page.goto(url)
        return page

    async def tab(self, context: BrowserContext) -> Page:
        """One more tab in the profile of a page (`page.context`)."""
        page = await context.new_page()
        page.on("console", self._said)
        page.on("pageerror", lambda error: self.problems.append(f"exception: {error}"))
        page.on("requestfailed", self._failed)
        page.on("response", self._answered)
        await self._weigh(page)
        return page

    async def leave(self) -> None:
        for context in self._contexts:
            await context.close()

    async def _weigh(self, page: Page) -> None:
        self.bytes_received = 0
        network = await page.context.new_cdp_session(page)
        await network.send("Network.enable")

        def arrived(event: dict[str, Any]) -> None:
            self.bytes_received += int(event["encodedDataLength"])

        network.on("Network.loadingFinished", arrived)

    def _said(self, message: ConsoleMessage) -> None:
        refused = any(f"status of {status} " in message.text for status in self.expected)
        if message.type in {"error", "warning"} and not refused:
            self.problems.append(f"console: {message.text}")

    def _failed(self, request: Request) -> None:
        # A page that goes, or has heard enough, ends its own stream and its own reading.
        if request.resource_type in {"eventsource", "fetch"} and request.failure == "net::ERR_ABORTED":
            return
        self.problems.append(f"failed: {request.url} {request.failure}")

    def _answered(self, answer: Response) -> None:
        if answer.status >= 400 and answer.status not in self.expected:
            self.problems.append(f"{answer.status}: {answer.url}")


async def picture(page: Page, name: str) -> None:
    """The whole page, for eyes: tests/screenshots/<name>.png."""
    SCREENSHOTS.mkdir(exist_ok=True)
    await page.screenshot(path=SCREENSHOTS / f"{name}.png", full_page=True, animations="disabled")
