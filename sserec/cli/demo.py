"""``sserec demo``: the main job on this machine, without a network and without a key."""

import shlex
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import click

ARCHIVE = "sserec-demo.sse.zst"
SAMPLE = "function-calling.sse.zst"
PATH = "/v1/interactions"
FIRST_EVENTS = 6
FIRST_LINES = 40
QUESTION = '{"model":"gemini-3-flash-preview","input":"What is the weather in Reykjavík?","stream":true}'
PYTHON_CLIENT = (
    "import sys, urllib.request as r\n"
    "request = r.Request(sys.argv[1], sys.argv[2].encode(), {'x-goog-api-key': sys.argv[3]})\n"
    "for line in r.urlopen(request): sys.stdout.buffer.write(line)"
)
"""What stands in for curl where there is none."""
KEY = "demo-key-that-never-reaches-the-disk"


@click.command()
def demo() -> None:
    """Record and export a stream on this machine, without a key.

    A local HTTPS server plays a sample as if it were the API; a real command is recorded against it; then the
    recording is shown and exported. Leaves one file, sserec-demo.sse.zst, in the current folder.

    \b
    Example:  sserec demo
    """
    from sserec.authority import Authority
    from sserec.recording import Recording
    from sserec.replay.server import performing
    from sserec.replay.takes import takes

    authority = Authority()
    with (
        Recording.open(str(sample())) as recording,
        tempfile.TemporaryDirectory(prefix="sserec-") as folder,
        performing(takes(recording.exchanges), authority) as port,
    ):
        certificate = Path(folder, "server-ca.pem")
        certificate.write_bytes(authority.certificate_pem)
        url = f"https://localhost:{port}{PATH}"
        say("A local server plays the API. A client is recorded, as it is:")
        options = ("--overwrite", "-o", ARCHIVE, "--upstream-ca", str(certificate))
        sserec("record", *options, "--", *client(url), lines=FIRST_EVENTS)
    say("What the file holds:")
    sserec("info", ARCHIVE)
    say("Its first events, and when each came:")
    sserec("events", ARCHIVE, lines=FIRST_EVENTS)
    say("The interaction, as stream:false would have returned it:")
    sserec("export", ARCHIVE, lines=FIRST_LINES)
    click.echo(AFTERWARDS)


AFTERWARDS = f"""
Try next:
  sserec events {ARCHIVE}    every event
  sserec cat {ARCHIVE}       the body, byte for byte (zstd -dc does the same)
  sserec check {ARCHIVE}     what is wrong with the stream: nothing
  sserec verify {ARCHIVE}    every checksum of the file
  sserec record -- your-own-command    the real thing"""


def sample() -> Path:
    """The sample to play: part of the installed package, or, in a checkout, of samples/."""
    installed = Path(__file__).parent.parent / SAMPLE
    return installed if installed.exists() else Path(__file__).parent.parent.parent / "samples" / SAMPLE


def client(url: str) -> list[str]:
    """A command that asks the question: curl, or Python where there is no curl."""
    if curl := shutil.which("curl"):
        headers = ("-H", "content-type: application/json", "-H", f"x-goog-api-key: {KEY}")
        return [curl, "-sN", url, *headers, "-d", QUESTION]
    return [sys.executable, "-c", PYTHON_CLIENT, url, QUESTION, KEY]


def say(words: str) -> None:
    click.secho(f"\n# {words}", bold=True)


def sserec(*arguments: str, lines: int | None = None) -> None:
    """Shows a command and runs it, as a person would; ``lines``: only that many of its first lines."""
    click.secho("$ sserec " + shlex.join(arguments), fg="green")
    command = [sys.executable, "-m", "sserec", *arguments]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, encoding="utf-8")
    output = done.stdout.splitlines()
    width = shutil.get_terminal_size().columns
    click.echo("\n".join(line[:width] for line in output[:lines]))
    if lines is not None and len(output) > lines:
        click.echo(f"… {len(output) - lines} more lines")
    if done.returncode:
        raise SystemExit(done.returncode)
