"""Chromium without a window, spoken to over a pipe in the words of the DevTools protocol.

https://chromedevtools.github.io/devtools-protocol/ (``--remote-debugging-pipe``: JSON, a NUL behind each message, on
file descriptors 3 and 4), so that a test needs no port and no library. A browser has a profile of its own, which goes
when it goes.
"""

import json
import os
import shutil
import subprocess
import tempfile
from base64 import b64decode
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from select import select
from time import monotonic
from typing import Any, NamedTuple

import pytest

NAMES = ("chromium", "chromium-browser", "google-chrome")
BROWSER = next(filter(None, map(shutil.which, NAMES)), None)
FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
    "--hide-scrollbars",
    "--remote-debugging-pipe",
)
PATIENCE_S = 120
"""On a machine that does a hundred other things; nothing here takes a second."""

needs_chromium = pytest.mark.skipif(BROWSER is None, reason="no Chromium")


class Heard(NamedTuple):
    """An event of the protocol."""

    method: str
    params: dict[str, Any]


class Tab:
    """One page of the browser, and all that it said since it was opened."""

    def __init__(self, browser: "Browser", session: str) -> None:
        self._browser = browser
        self._session = session
        self.heard: list[Heard] = []
        for domain in ("Page", "Runtime", "Network", "Log", "Audits", "Accessibility"):
            self.send(f"{domain}.enable")

    def send(self, method: str, **params: Any) -> Any:
        """The result of one command. Raises AssertionError where the browser refuses it."""
        return self._browser.send(method, params, self._session)

    def open(self, path: Path, fragment: str = "") -> None:
        """Opens a page, and waits until it says that it is ready."""
        self.send("Page.navigate", url="about:blank")  # from there to another place of the same page, too
        self.send("Page.navigate", url=path.resolve().as_uri() + fragment)
        self.run(READY)

    def run(self, script: str) -> Any:
        """The value of an expression, or of what it promises."""
        done = self.send("Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True)
        assert "exceptionDetails" not in done, done["exceptionDetails"]
        return done["result"].get("value")

    def press(self, *keys: str) -> None:
        """Presses keys one after the other, by their DOM names; ``Shift+ArrowDown`` with a modifier."""
        for key in keys:
            name = key.removeprefix("Shift+")
            facts: dict[str, Any] = {"key": name, "modifiers": 8 if key != name else 0}
            if len(name) == 1:
                facts["text"] = name
            if name in CODES:
                facts["windowsVirtualKeyCode"] = CODES[name]
            self.send("Input.dispatchKeyEvent", type="keyDown", **facts)
            self.send("Input.dispatchKeyEvent", type="keyUp", key=name)
        self.run(SETTLED)

    def settle(self) -> None:
        """Until what was begun has been drawn."""
        self.run(SETTLED)

    def prefer(self, **media: str) -> None:
        """Emulates what a reader prefers: ``prefers_color_scheme="dark"``; ``media="print"`` a medium."""
        medium = media.pop("media", "")
        features = [{"name": name.replace("_", "-"), "value": value} for name, value in media.items()]
        self.send("Emulation.setEmulatedMedia", media=medium, features=features)

    def resize(self, width: int, height: int) -> None:
        self.send(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=1,
            mobile=False,
        )
        self.settle()

    def picture(self, path: Path) -> None:
        """What is to be seen, as PNG."""
        path.write_bytes(b64decode(self.send("Page.captureScreenshot", format="png")["data"]))

    def of(self, method: str) -> list[dict[str, Any]]:
        """The parameters of each event of this kind that was heard."""
        return [heard.params for heard in self.heard if heard.method == method]

    def complaints(self) -> list[str]:
        """Everything that a console would show in red, and each breach of the policy."""
        told = [str(each["exceptionDetails"]) for each in self.of("Runtime.exceptionThrown")]
        told += [str(each["args"]) for each in self.of("Runtime.consoleAPICalled") if each["type"] != "log"]
        told += [str(each["entry"]) for each in self.of("Log.entryAdded")]
        told += [
            str(each["issue"]) for each in self.of("Audits.issueAdded") if POLICY in each["issue"]["code"]
        ]
        return told

    def requests(self) -> list[str]:
        """The addresses of all that was asked for."""
        return [each["request"]["url"] for each in self.of("Network.requestWillBeSent")]


POLICY = "ContentSecurityPolicy"
CODES = {
    "Enter": 13, "Escape": 27, "Tab": 9, " ": 32, "ArrowLeft": 37, "ArrowUp": 38, "ArrowRight": 39,
    "ArrowDown": 40, "Home": 36, "End": 35, "PageUp": 33, "PageDown": 34,
}  # fmt: skip
READY = """new Promise((done) => {
  const state = () => document.documentElement?.dataset.state;  // of a page that is still coming there is none
  const look = () => (state() ? done(state()) : setTimeout(look, 5));
  look();
})"""
SETTLED = """new Promise((done) => {
  let frames = 3;
  const next = () => (frames-- ? requestAnimationFrame(next) : done());
  next();
})"""


class Browser:
    """A running Chromium."""

    def __init__(self, process: "subprocess.Popen[bytes]", to: int, back: int) -> None:
        self._process = process
        self._to, self._back = to, back
        self._waiting = b""
        self._count = 0
        self._tabs: dict[str, Tab] = {}

    def tab(self) -> Tab:
        """A new page, with nothing in common with those before."""
        context = self.send("Target.createBrowserContext", {})["browserContextId"]
        target = self.send("Target.createTarget", {"url": "about:blank", "browserContextId": context})
        session = self.send("Target.attachToTarget", {"targetId": target["targetId"], "flatten": True})
        tab = self._tabs[session["sessionId"]] = Tab(self, session["sessionId"])
        return tab

    def send(self, method: str, params: dict[str, Any], session: str | None = None) -> Any:
        self._count += 1
        message = {"id": self._count, "method": method, "params": params}
        told = message | ({"sessionId": session} if session else {})
        os.write(self._to, json.dumps(told).encode() + b"\0")
        while True:
            answer = self._next()
            if answer.get("id") == self._count:
                assert "error" not in answer, (method, answer["error"])
                return answer["result"]
            tab = self._tabs.get(answer.get("sessionId", ""))
            if tab is not None and "method" in answer:
                tab.heard.append(Heard(answer["method"], answer["params"]))

    def _next(self) -> dict[str, Any]:
        limit = monotonic() + PATIENCE_S
        while b"\0" not in self._waiting:
            readable, _, _ = select([self._back], [], [], limit - monotonic())
            data = os.read(self._back, 1 << 20) if readable else b""
            assert data, "the browser says nothing any more"
            self._waiting += data
        message, _, self._waiting = self._waiting.partition(b"\0")
        answer: dict[str, Any] = json.loads(message)
        return answer

    def close(self) -> None:
        self.send("Browser.close", {})
        self._process.wait(PATIENCE_S)


@contextmanager
def browsing() -> Iterator[Browser]:
    """A browser with a new profile."""
    assert BROWSER is not None
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        theirs, to = os.pipe()
        back, answers = os.pipe()
        # A shell puts the ends where the browser looks for them: 3 to read from, 4 to write to.
        script = f'exec "$@" 3<&{theirs} 4>&{answers}'
        words = ["bash", "-c", script, "bash", BROWSER, *FLAGS, f"--user-data-dir={profile}", "about:blank"]
        process = subprocess.Popen(
            words, pass_fds=(theirs, answers), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        os.close(theirs)
        os.close(answers)
        try:
            browser = Browser(process, to, back)
            yield browser
            browser.close()
        finally:
            process.kill()
            process.wait()
            os.close(to)
            os.close(back)
