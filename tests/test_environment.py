"""What a recorded command's environment says: whole, in both cases, and without the user's own settings lost."""

from pathlib import Path

import pytest

from sserec.proxy import environment
from sserec.proxy.environment import ClientFiles, Prepared

FOLDER = Path("/tmp/sserec-x")
PROXY = "http://sserec:secret@127.0.0.1:4711"


def forward(variables: dict[str, str], client_files: ClientFiles | None = None) -> Prepared:
    return environment.forward(
        variables,
        proxy_url=PROXY,
        folder=FOLDER,
        authority_pem=b"OURS",
        bundle=b"ALL",
        session="0a1b",
        client_files=client_files or ClientFiles(),
    )


@pytest.mark.parametrize(
    "name", ["http_proxy", "https_proxy", "all_proxy", "ws_proxy", "wss_proxy", "grpc_proxy"]
)
def test_every_scheme_goes_through_the_proxy_in_both_cases(name: str) -> None:
    variables = forward({name: "http://corporate:3128"}).variables
    assert (variables[name], variables[name.upper()]) == (PROXY, PROXY)


def test_exceptions_from_the_proxy_are_unset_in_every_spelling() -> None:
    exceptions = dict.fromkeys(("no_proxy", "NO_PROXY", "no_grpc_proxy", "NO_GRPC_PROXY"), "*")
    assert not exceptions.keys() & forward(exceptions).variables.keys()


def test_variables_that_replace_the_roots_name_the_union_of_all_authorities() -> None:
    prepared = forward({})
    for name in (
        "SSL_CERT_FILE",
        "CURL_CA_BUNDLE",
        "REQUESTS_CA_BUNDLE",
        "GIT_SSL_CAINFO",
        "npm_config_cafile",
    ):
        assert prepared.files[Path(prepared.variables[name]).name] == b"ALL"


def test_node_adds_our_authority_alone_unless_it_had_more_to_add() -> None:
    plain, own = forward({}), forward({"NODE_EXTRA_CA_CERTS": "/etc/corporate.pem"})
    assert plain.files[Path(plain.variables["NODE_EXTRA_CA_CERTS"]).name] == b"OURS"
    assert own.files[Path(own.variables["NODE_EXTRA_CA_CERTS"]).name] == b"ALL"
    assert plain.variables["NODE_USE_ENV_PROXY"] == "1"


def test_what_has_nothing_to_do_with_it_stays() -> None:
    assert (
        forward({"HOME": "/home/ann", "LANG": "C"}).variables.items()
        >= {"HOME": "/home/ann", "LANG": "C"}.items()
    )


def test_files_named_before_are_part_of_the_union() -> None:
    variables = {"SSL_CERT_FILE": "/a.pem", "NODE_EXTRA_CA_CERTS": "/b.pem", "CURL_CA_BUNDLE": ""}
    assert environment.named_bundles(variables) == ["/a.pem", "/b.pem"]


def test_the_users_curlrc_is_referred_to_and_not_copied() -> None:
    prepared = forward({}, ClientFiles(curlrc=Path('/home/a "b"\\c/.curlrc')))
    assert prepared.variables["CURL_HOME"] == str(FOLDER)
    assert prepared.files[".curlrc"] == b'suppress-connect-headers\nconfig = "/home/a \\"b\\"\\\\c/.curlrc"\n'


def test_curl_reads_its_file_from_the_first_place_that_has_one() -> None:
    variables = {"CURL_HOME": "/c", "XDG_CONFIG_HOME": "", "HOME": "/h"}
    places = ["/c/.curlrc", "/h/.curlrc", "/h/.config/curlrc"]
    assert environment.curlrc_candidates(variables) == [Path(place) for place in places]


def test_wget_keeps_the_systems_settings() -> None:
    prepared = forward({}, ClientFiles(wgetrc=b"passive_ftp = on"))
    assert prepared.files["wgetrc"] == b"passive_ftp = on\nca_certificate = /tmp/sserec-x/bundle.pem\n"
    assert prepared.variables["SYSTEM_WGETRC"] == str(FOLDER / "wgetrc")
    assert environment.system_wgetrc({"SYSTEM_WGETRC": "/opt/wgetrc"}) == Path("/opt/wgetrc")


def test_reverse_mode_sets_only_what_it_is_told_and_frees_loopback() -> None:
    variables = {"HTTPS_PROXY": "http://corporate:3128", "NO_PROXY": "intra"}
    prepared = environment.reverse(variables, {"OPENAI_BASE_URL": "http://127.0.0.1:1/x/v1"}, session="0a1b")
    assert prepared == Prepared(
        {
            "HTTPS_PROXY": "http://corporate:3128",
            "NO_PROXY": "intra,127.0.0.1,localhost,::1",
            "no_proxy": "127.0.0.1,localhost,::1",
            "OPENAI_BASE_URL": "http://127.0.0.1:1/x/v1",
            "SSEREC_SESSION": "0a1b",
        }
    )


@pytest.mark.parametrize(
    ("target", "variable", "base"),
    [
        ("https://generativelanguage.googleapis.com", "GOOGLE_GEMINI_BASE_URL", "http://l/x"),
        ("https://api.openai.com", "OPENAI_BASE_URL", "http://l/x/v1"),
        ("https://api.openai.com/", "OPENAI_BASE_URL", "http://l/x/v1"),
        ("https://api.openai.com/v1", "OPENAI_BASE_URL", "http://l/x"),
        ("https://api.anthropic.com", "ANTHROPIC_BASE_URL", "http://l/x"),
        ("http://localhost:8080/api", None, "http://l/x"),
    ],
)
def test_a_vendors_variable_is_set_as_its_sdks_read_it(target: str, variable: str | None, base: str) -> None:
    assert environment.base_url_variable(target) == variable
    assert environment.base_url(target, "http://l/x") == base
