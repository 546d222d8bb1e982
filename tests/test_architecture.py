"""The floors of the house, checked on the source and on a running interpreter."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import sserec

PACKAGE = Path(sserec.__file__).parent

FLOORS: tuple[frozenset[str], ...] = (
    frozenset({"errors", "records", "display", "closing"}),
    frozenset({"archive.columns", "concealment", "credentials"}),
    frozenset({"sse", "redact", "archive.format", "timeline"}),
    frozenset({"interactions", "holes", "readable"}),
    frozenset({"archive", "authority", "wrapped", "annotations", "stats", "conversations"}),
    frozenset({"sources", "measures"}),
    frozenset({"recording", "check", "diff"}),
    frozenset({"proxy", "export", "scan", "excerpts"}),
    frozenset({"replay", "imports", "redaction"}),
    frozenset({"httpx", "share"}),
    frozenset({"tui", "forwarding"}),
    frozenset({"cli", "pytest_plugin"}),
)
"""Each floor imports only what stands below it; a package counts as one, but for the part named on its own."""

PURE = (
    "errors", "records", "display", "closing", "sse", "holes", "concealment", "credentials", "redact", "archive.format",
    "timeline", "interactions", "annotations", "stats", "measures", "check", "conversations", "diff", "replay.score",
    "replay.asked", "replay.differences", "replay.repertoire", "replay.programme", "scan", "redaction.arguments",
    "redaction.masking", "redaction.secrets", "redaction.streams", "redaction.wording", "share.issue", "readable",
    "imports.har", "imports.mitmproxy", "imports.vcr", "imports.curl_trace", "imports.curl_entries", "imports.ndjson",
    "imports.plain", "imports.messages", "imports.shapes", "imports.tnetstring", "imports.found",
)  # fmt: skip
IMPURE_MODULES = frozenset({
    "asyncio", "click", "httpx", "io", "logging", "multiprocessing", "os", "pathlib", "queue", "random", "secrets",
    "select", "selectors", "shutil", "signal", "socket", "ssl", "subprocess", "sys", "tempfile", "textual", "threading",
    "time",
})  # fmt: skip
IMPURE_CALLS = frozenset({"open", "print", "input", "exec", "eval"})


def modules() -> list[str]:
    """Every module of the package by its dotted name below ``sserec``."""
    names = (".".join(path.relative_to(PACKAGE).with_suffix("").parts) for path in PACKAGE.rglob("*.py"))
    return sorted(name.removesuffix(".__init__") for name in names if name not in ("__init__", "__main__"))


def source(module: str) -> ast.Module:
    stem = PACKAGE.joinpath(*module.split("."))
    path = stem / "__init__.py" if stem.is_dir() else stem.with_suffix(".py")
    return ast.parse(path.read_text(encoding="utf-8"))


def imports(module: str) -> Iterator[str]:
    """Absolute names of what a module imports, inside functions too."""
    for node in ast.walk(source(module)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{module}: relative import"
            assert node.module is not None
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def floor(module: str) -> int | None:
    """The lowest floor on which ``module`` or a package above it stands."""
    parts = module.split(".")
    for length in range(len(parts), 0, -1):
        for number, names in enumerate(FLOORS):
            if ".".join(parts[:length]) in names:
                return number
    return None


def room(module: str) -> str:
    """The name under which a module stands on its floor."""
    number = floor(module)
    assert number is not None, f"{module} stands on no floor"
    return next(name for name in FLOORS[number] if module == name or module.startswith(name + "."))


@pytest.mark.parametrize("module", modules())
def test_a_module_imports_only_from_its_own_room_and_from_floors_below(module: str) -> None:
    own = floor(module)
    assert own is not None, f"{module} stands on no floor: give it one"
    for name in imports(module):
        imported = name.removeprefix("sserec.")
        below = floor(imported) if name.startswith("sserec.") else None
        if below is not None and room(imported) != room(module):
            assert below < own, f"{module} imports {name}"


@pytest.mark.parametrize(
    "module", [name for name in modules() if name in PURE or name.partition(".")[0] in PURE]
)
def test_the_core_touches_neither_files_nor_sockets_nor_clocks(module: str) -> None:
    assert not IMPURE_MODULES & {name.partition(".")[0] for name in imports(module)}
    calls = (node.func for node in ast.walk(source(module)) if isinstance(node, ast.Call))
    assert not IMPURE_CALLS & {call.id for call in calls if isinstance(call, ast.Name)}


def knows_no_terminal(module: str) -> bool:
    """The viewer's model is tested without one."""
    return not module.startswith("tui") or module.startswith("tui.model")


@pytest.mark.parametrize("module", [name for name in modules() if knows_no_terminal(name)])
def test_only_what_the_viewer_draws_with_imports_textual(module: str) -> None:
    assert "textual" not in {name.partition(".")[0] for name in imports(module)}


@pytest.mark.parametrize(
    "arguments",
    [
        ["--help"],
        ["record", "--help"],
        ["cat", "nowhere.sse.zst"],
        ["export", "nowhere.sse.zst"],
        ["info", "-h"],
    ],
    ids=" ".join,
)
def test_a_command_that_does_not_view_loads_neither_textual_nor_httpx(arguments: list[str]) -> None:
    program = (
        "import sys; from sserec.cli import run; sys.argv = ['sserec', *sys.argv[1:]]; run();"
        "sys.stderr.write('LOADED ' + ' '.join(sorted({name.partition('.')[0] for name in sys.modules})))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, *arguments], capture_output=True, text=True, check=True
    )
    loaded = set(done.stderr.rpartition("LOADED ")[2].split())
    assert "click" in loaded
    assert not loaded & {"textual", "rich", "httpx", "pygments"}
