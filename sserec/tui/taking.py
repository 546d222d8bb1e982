"""Taking along: what a pane shows, exports; and pages about the exchange: its request, what the check found.

Knows what the panes show and who can write it; must not know how. What takes long runs beside the screen.
"""

from collections.abc import Callable
from functools import partial

from textual.message import Message

from sserec.display import count, printable, size
from sserec.errors import SserecError
from sserec.export import FORMATS
from sserec.records import Severity
from sserec.tui import kinds, outgoing
from sserec.tui.desk import DeskBase
from sserec.tui.handing import Handing
from sserec.tui.page import Page, PageLine
from sserec.tui.text_pane import TextPane


class Told(Message):
    """Something that ran beside the screen has a line to say."""

    def __init__(self, notice: str) -> None:
        super().__init__()
        self.notice = notice


CHECKING = "checking …"


class Taking(Handing, DeskBase):
    """Keys and commands that give things away."""

    def shown_text(self) -> tuple[str, str]:
        """What the focused pane shows, and what to call it."""
        focused = self.screen.focused
        if focused is self.answer:
            return self.whole_answer(), "answer"
        if isinstance(focused, TextPane):
            return focused.text(), focused.id or "text"
        if not len(self.stream):
            return "", "nothing"
        event = self.stream.tape.event(self.cursor.event)
        return event.data.decode("utf-8", "replace"), f"data of event {self.cursor.event + 1}"

    # export

    def action_export(self) -> None:
        self.ask("export", "export as: ", "", self.complete_format)

    def complete_format(self, text: str) -> list[tuple[str, str]]:
        return [
            (name, format.summary)
            for name, format in FORMATS.items()
            if name.startswith(text) and name != text
        ]

    def do_export(self, argument: str) -> None:
        name, _, out = argument.partition(" ")
        self.write_beside(partial(outgoing.export, self.document.path, self.stream.number, name, out.strip()))

    def action_save_media(self) -> None:
        self.do_save_media("")

    def do_save_media(self, argument: str) -> None:
        self.write_beside(partial(outgoing.save_media, self.document.path, self.stream.number, argument))

    def do_save_body(self, argument: str) -> None:
        self.write_beside(partial(outgoing.save_body, self.document.path, self.stream.number, argument))

    def write_beside(self, write: Callable[[], str]) -> None:
        """Runs ``write`` in a thread and says its line, or why there is none."""
        self.run_worker(partial(self._write, write), group="write", thread=True)

    def _write(self, write: Callable[[], str]) -> None:
        try:
            notice = write()
        except FileExistsError as fault:
            notice = f"{fault.filename} exists already: name another file"
        except OSError as fault:
            notice = f"{fault.filename}: {fault.strerror}"
        except SserecError as fault:
            notice = str(fault)
        self.post_message(Told(notice))

    def on_told(self, told: Told) -> None:
        self.say(told.notice)

    # pages

    def action_request(self) -> None:
        self.app.push_screen(Page(f"exchange {self.stream.number}", self.request_lines()))

    def do_request(self, _: str) -> None:
        self.action_request()

    def request_lines(self) -> list[PageLine]:
        """Request and response as they were sent, secrets replaced."""
        exchange = self.stream.exchange
        request, response = exchange.request, exchange.response
        lines = []
        if request is not None:
            lines.append(
                PageLine(printable(f"{request.method} {request.url} {request.http_version}"), is_heading=True)
            )
            lines += [PageLine(printable(f"{name}: {value}")) for name, value in request.headers]
            lines += [PageLine(""), *self.body_lines()]
        if response is not None:
            words = f"{response.http_version} {response.status} {response.reason}"
            lines.append(PageLine(printable(words), is_heading=True))
            lines += [PageLine(printable(f"{name}: {value}")) for name, value in response.headers]
        return lines or [PageLine("The file knows neither a request nor a response: it is plain text.")]

    def body_lines(self) -> list[PageLine]:
        from sserec.tui.model.detail import json_lines

        body = self.stream.exchange.record.request_body() or b""
        if len(body) > 1 << 20:
            return [PageLine(f"a body of {size(len(body))}")]
        return [PageLine(printable("  " * line.depth + line.text)) for line in json_lines(body)]

    def action_findings(self) -> None:
        if not self.stream.findings.is_complete:
            self.do_check("")
            return
        self.app.push_screen(Page("findings", self.finding_lines()), self.go_to_chosen)

    def do_findings(self, _: str) -> None:
        self.action_findings()

    def findings_in_short(self) -> str:
        """What a check came to."""
        findings = self.stream.findings
        total = len(findings.whole) + sum(len(findings.of(event)) for event in findings.events)
        return f"checked: {count(total, 'finding')} (c shows them)" if total else "checked: nothing is wrong"

    def finding_lines(self) -> list[PageLine]:
        lines = [
            PageLine(printable(problem), kinds.FINDINGS[Severity.ERROR]) for problem in self.document.problems
        ]
        lines += [
            PageLine(f"{printable(finding.message)} [{finding.rule}]", kinds.FINDINGS[finding.severity])
            for finding in self.stream.findings.whole
        ]
        for event in self.stream.findings.events:
            for finding in self.stream.findings.of(event):
                label = f"{kinds.FINDINGS[finding.severity]} event {event + 1:,}"
                lines.append(PageLine(f"{printable(finding.message)} [{finding.rule}]", label, target=event))
        return lines or [PageLine("Nothing is wrong with this exchange.")]

    def go_to_chosen(self, event: int | None) -> None:
        if event is not None and self.cursor.to_event(event + 1):
            self.cursor_moved()

    def do_check(self, _: str) -> None:
        self.say(CHECKING)
        self.start("check", self.document.check())
