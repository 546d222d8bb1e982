"""What a person can set and type: the config file, the command line, the keys."""

import re
from pathlib import Path

import pytest

from sserec.errors import UsageError
from sserec.export import FORMATS
from sserec.tui.commands import COMMANDS, Place, complete, parse_command, parse_place
from sserec.tui.config import WANTED, Config, config_path, load_config, with_options
from sserec.tui.keymap import ALL, IDS, SCROLLING, is_key, shown
from sserec.tui.model.query import FACTS
from sserec.tui.query_words import complete_query
from sserec.tui.themes import DARK, LIGHT, chosen_theme

PAGE = Path(__file__).parent.parent / "docs" / "viewer.md"


def load(folder: Path, text: str) -> Config:
    path = config_path({"XDG_CONFIG_HOME": str(folder)})
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return load_config({"XDG_CONFIG_HOME": str(folder)})


def test_without_a_file_the_defaults_hold(tmp_path: Path) -> None:
    assert load_config({"XDG_CONFIG_HOME": str(tmp_path)}) == Config()
    assert config_path({"HOME": "/home/ann"}) == Path("/home/ann/.config/sserec/config.toml")


def test_options_and_keys_are_read(tmp_path: Path) -> None:
    config = load(tmp_path, 'theme = "nord"\nspeed = 2\nidle_limit = 1.5\n[keys]\nplay = "p"\n')
    assert config == Config(theme="nord", speed=2, idle_limit=1.5, keys={"play": "p"})


@pytest.mark.parametrize(("value", "words"), [(float("inf"), "1e+09 at most"), (float("nan"), "above 0")])
def test_an_option_of_the_command_line_holds_unless_it_cannot_be(value: float, words: str) -> None:
    assert with_options(Config(speed=2), speed=None, idle_limit=3.0) == Config(speed=2, idle_limit=3.0)
    with pytest.raises(UsageError, match=f"--idle-limit has to be .*{re.escape(words)}"):
        with_options(Config(), idle_limit=value)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('colour = "red"', 'unknown option "colour"; there are theme, speed'),
        ('speed = "fast"', "speed has to be a number above 0, not 'fast'"),
        ("speed = true", "speed has to be a number above 0, not True"),
        ("idle_limit = 0", "idle_limit has to be a number above 0"),
        ("idle_limit = inf", "idle_limit has to be 1e+09 at most, not inf"),
        ("speed = inf", "speed has to be 1e+09 at most, not inf"),
        ("speed = nan", "speed has to be a number above 0, not nan"),
        ('time = "later"', "time has to be one of relative, absolute, delta"),
        ("keys = 3", "keys has to be a table of texts"),
        ("hints = 1", "hints has to be true or false"),
        ("theme = [", "config.toml: "),
    ],
)
def test_what_nobody_knows_is_one_line_that_names_the_file(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(UsageError) as caught:
        load(tmp_path, text)
    message = str(caught.value)
    assert words in message
    assert str(tmp_path) in message
    assert "\n" not in message


@pytest.mark.parametrize(
    ("line", "complaint", "possible"),
    [
        ('fly = "f"', '[keys]: unknown id "fly"', "find, findings, first, follow"),
        ('play = "spcae"', '[keys]: play: unknown key "spcae"', "space, comma"),
        ('play = "crtl+p"', '[keys]: play: unknown key "crtl+p"', "ctrl+, alt+ and shift+"),
        ('play = ""', '[keys]: play: unknown key ""', "letters, digits"),
    ],
)
def test_a_key_that_cannot_be_is_told_and_what_there_is_with_it(
    tmp_path: Path, line: str, complaint: str, possible: str
) -> None:
    config = load(tmp_path, f"speed = 2\n[keys]\n{line}\n")
    assert (config.speed, config.keys) == (2, {})
    (told,) = config.complaints
    assert told.partition(";")[0] == complaint
    assert possible in told.partition(";")[2]


def test_of_several_keys_those_that_there_are_hold(tmp_path: Path) -> None:
    config = load(tmp_path, '[keys]\nplay = "p, nonsense,ctrl+alt+f5,question_mark,+,ctrl++"\n')
    assert config.keys == {"play": "p,ctrl+alt+f5,question_mark,+"}
    assert len(config.complaints) == 2


def test_the_keys_that_there_are_by_default_are_keys() -> None:
    assert all(is_key(name) for key in ALL for name in key.keys.split(","))


@pytest.mark.parametrize(
    ("typed", "place"),
    [
        ("512", Place(event=512)),
        ("50%", Place(percent=50.0)),
        ("7.4s", Place(t_ns=7_400_000_000)),
        ("250ms", Place(t_ns=250_000_000)),
        ("+5s", Place(by_ns=5_000_000_000)),
        ("-20ms", Place(by_ns=-20_000_000)),
    ],
)
def test_a_place_is_an_event_a_part_or_a_time(typed: str, place: Place) -> None:
    assert parse_place(typed) == place
    assert parse_command(typed).command.name == "go"


@pytest.mark.parametrize("typed", ["", "x", "+5", "-3%", "5h", "1.2.3s"])
def test_what_is_no_place_is_told(typed: str) -> None:
    with pytest.raises(UsageError, match="is no place"):
        parse_place(typed)


def test_a_command_may_be_shortened_as_long_as_it_is_clear() -> None:
    assert parse_command("exp markdown out.md") == parse_command("export markdown out.md")
    assert parse_command("export  text").argument == "text"
    with pytest.raises(UsageError, match="could be find, filter, finding, findings, follow"):
        parse_command("f")
    with pytest.raises(UsageError, match="no command explode"):
        parse_command("explode now")


def test_commands_and_their_first_argument_are_completed() -> None:
    def words(command: str) -> list[str]:
        return {"theme": ["nord", "gruvbox"]}.get(command, [])

    assert [text for text, _ in complete("ex", words)] == ["export ", "exchange "]
    assert [text for text, _ in complete("export m", words)] == ["export markdown", "export media"]
    assert [text for text, _ in complete("theme ", words)] == ["theme nord", "theme gruvbox"]
    assert [text for text, _ in complete("nothing ", words)] == []
    assert {text.removeprefix("export ") for text, _ in complete("export ", words)} == set(FORMATS)


def test_queries_are_completed_by_facts_and_by_the_json_at_hand() -> None:
    data = b'{"delta":{"text":"hi","type":"text"},"steps":[{"id":1},{"id":2}]}'
    assert [text for text, _ in complete_query("foo @st", data)] == ["foo @step", "foo @stall", "foo @stray"]
    assert complete_query("!delta.te", data) == [("!delta.text", "hi")]
    assert complete_query("steps", data) == [("steps.*.id", "1")]
    assert complete_query("de", b"[DONE]") == []
    assert complete_query("", data) == []


def test_every_key_and_command_has_an_id_of_its_own() -> None:
    assert len(IDS) == len(ALL)
    assert SCROLLING < IDS
    assert len({command.name for command in COMMANDS}) == len(COMMANDS)
    taken = [key for entry in ALL for key in entry.keys.split(",")]
    assert len(taken) == len(set(taken))


def test_keys_are_shown_as_they_stand_on_a_keyboard() -> None:
    assert shown("j,down") == "j ↓"
    assert shown("ctrl+f,pagedown") == "ctrl+f PgDn"
    assert shown(">,+") == "> +"
    assert shown("comma") == ","


def test_the_theme_follows_a_terminal_that_says_it_is_light() -> None:
    assert chosen_theme("auto", {}) == DARK
    assert chosen_theme("auto", {"COLORFGBG": "15;0"}) == DARK
    assert chosen_theme("auto", {"COLORFGBG": "0;default;15"}) == LIGHT
    assert chosen_theme("nord", {"COLORFGBG": "0;15"}) == "nord"


def test_the_page_names_every_key_command_and_fact() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert [entry.id for entry in ALL if f"`{entry.id}`" not in page and "percent" not in entry.id] == []
    assert [
        key
        for entry in ALL
        for key in shown(entry.keys).split()
        if f"`{key}`" not in page and not key.isdigit()
    ] == []
    assert [
        command.name for command in COMMANDS if f"`:{command.name}" not in page or command.help not in page
    ] == []
    assert [name for name, fact in FACTS.items() if f"`@{name}` | {fact.meaning} |" not in page] == []
    assert [option for option in WANTED if f"{option} = " not in page and option != "keys"] == []


def test_the_pages_pictures_exist() -> None:
    pictures = re.findall(r"\((pictures/[^)]+)\)", PAGE.read_text(encoding="utf-8"))
    assert pictures
    assert [name for name in pictures if not (PAGE.parent / name).is_file()] == []
