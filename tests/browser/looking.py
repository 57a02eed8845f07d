"""What is looked at on a page, whichever it is; nothing here asserts."""

from collections.abc import Sequence
from typing import Any, Final
from urllib.parse import urlsplit

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import ConsoleMessage, Dialog, Page, Request

LEVELS: Final = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]

AXE: Final = {"runOnly": LEVELS, "iframes": False, "resultTypes": ["violations"]}
"""Every impact; what passes is counted, not told: that takes half the time."""

ALARMS: Final = """
    globalThis.ran = (number) => { (globalThis.harm ??= []).push(number) };
    globalThis.refused = [];
    addEventListener("securitypolicyviolation", (event) => {
      refused.push(`${event.violatedDirective}: ${event.blockedURI} ${event.sample}`);
    });
"""
"""What hostile text calls, and what the browser refuses; frames have their own."""

TABBABLE: Final = """
    a[href], button:enabled, input:enabled:not([type=hidden]), select:enabled, textarea:enabled,
    summary, [tabindex]:not([tabindex='-1'])
"""

TAB: Final = {"type": "rawKeyDown", "key": "Tab", "code": "Tab", "windowsVirtualKeyCode": 9}

WATCH_FOCUS: Final = """
    (selector) => {
      const seen = (element) => element.checkVisibility({ visibilityProperty: true })
        && !element.closest("[inert]") && element.tabIndex >= 0;
      const radio = (element) => element.type === "radio" && !element.checked
        && document.querySelectorAll(`input[name="${element.name}"]`).length > 1;
      const name = (element) => element.outerHTML.slice(0, 120).replace(/\\s+/g, " ");
      const wanted = [...document.querySelectorAll(selector)].filter((e) => seen(e) && !radio(e));
      const reached = [];
      const unmarked = [];
      globalThis.focusing = {
        wanted: wanted.length,
        report: () => ({
          missed: wanted.filter((e) => !reached.includes(e)).map(name),
          disordered: reached.filter((e, n) => n && reached[n - 1].compareDocumentPosition(e)
            & Node.DOCUMENT_POSITION_PRECEDING).map(name),
          unmarked,
        }),
        done: () => reached.includes(wanted.at(-1)),
      };
      addEventListener("focusin", ({ target }) => {
        if (reached.includes(target)) return;
        reached.push(target);
        const { outlineStyle, outlineWidth, boxShadow } = getComputedStyle(target);
        if ((outlineStyle === "none" || outlineWidth === "0px") && boxShadow === "none") {
          unmarked.push(name(target));
        }
      });
      document.activeElement?.blur();
      scrollTo(0, 0);
    }
"""

READABLE: Final = """
    () => ({
      headings: [...document.querySelectorAll("h1")].map((e) => e.innerText.trim()),
      words: document.querySelector("main")?.innerText.trim().length ?? 0,
      mute: [...document.querySelectorAll("form")]
        .filter((form) => ![...form.elements].some((e) => e.type === "submit"))
        .map((form) => form.outerHTML.slice(0, 120)),
      wide: document.documentElement.scrollWidth,
    })
"""


STOPPED: Final = ("csp", "net::ERR_BLOCKED_BY_CSP")


class Diary:
    """What happens while a page is open, within frames with mails apart."""

    def __init__(self, page: Page, origin: str) -> None:
        self.origin = origin
        self.said: list[str] = []
        """Errors on the browser's console."""
        self.left: list[str] = []
        """Requests for another origin that our policy has let go out."""
        self.asked: list[str] = []
        """Dialogs."""
        page.add_init_script(ALARMS)
        page.on("console", self._hear)
        page.on("pageerror", lambda error: self.said.append(str(error)))
        page.on("requestfinished", self._see)
        page.on("requestfailed", self._see)
        page.on("dialog", self._dismiss)

    def _hear(self, message: ConsoleMessage) -> None:
        if message.type == "error" and not urlsplit(message.location["url"]).path.endswith("/body"):
            self.said.append(f"{message.text} ({message.location['url']})")

    def _see(self, request: Request) -> None:
        ours = request.url.startswith((self.origin, "data:", "blob:", "about:"))
        if not ours and request.failure not in STOPPED:
            self.left.append(f"{request.url} ({request.failure})")

    def _dismiss(self, dialog: Dialog) -> None:
        self.asked.append(dialog.message)
        dialog.dismiss()


def violations(page: Page) -> str:
    """What axe finds, of any impact: the rule, where, and why; a line each."""
    found = Axe().run(page, options=AXE)
    return "\n".join(
        f"{problem['id']}: {node['html'][:160]}: {node.get('failureSummary', '')[:300]}"
        for problem in found.response["violations"]
        for node in problem["nodes"]
    )


def tabbed(page: Page) -> dict[str, Sequence[str]]:
    """What the Tab key does not reach, reaches out of order, or marks by nothing."""
    page.evaluate(WATCH_FOCUS, TABBABLE)
    wanted: int = page.evaluate("focusing.wanted")
    keyboard = page.context.new_cdp_session(page)
    for pressed in range(3 * wanted + 80):  # a date takes three, a frame what stands in it
        keyboard.send("Input.dispatchKeyEvent", TAB)
        if pressed >= wanted - 1 and page.evaluate("focusing.done()"):
            break
    keyboard.detach()
    return page.evaluate("focusing.report()")


def readable(page: Page) -> dict[str, Any]:
    """What a page says of itself to whoever has no JavaScript."""
    return page.evaluate(READABLE)
