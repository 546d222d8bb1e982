"""Networks that let nothing out but through a proxy: sserec goes the way that its own environment names."""

import importlib.util
from collections.abc import Iterator

import pytest

from corporate_proxy import AUTHORIZATION, CorporateProxy, SocksProxy
from record_support import BODY, CURL, CURL_BY_VERSION, FAULT, Recorder
from sserec.errors import UsageError
from sserec.proxy.outward import Kind, OutwardProxy, from_environment
from sserec.proxy.routing import Route
from sserec.recording import Recording
from sserec.records import Ending
from upstream import Upstream
from upstream_script import stream
from upstream_wire import TestAuthority

API = Route("https", "api.example", 443)


@pytest.fixture
def far(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Upstream]:
    """A server by the name of ``api.example``, which nobody here can resolve."""
    with Upstream(TestAuthority(tmp_path_factory.mktemp("far"), names=("api.example",))) as upstream:
        for path in ("/s", "http://api.example/s"):
            upstream.play(path, stream(BODY, gap_s=0))
        yield upstream


@pytest.fixture
def far_recorder(recorder: Recorder, far: Upstream) -> Recorder:
    return Recorder(recorder.folder, far)


@pytest.mark.parametrize("name", ["https_proxy", "HTTPS_PROXY", "ALL_PROXY"])
def test_a_server_that_only_the_proxy_can_reach_is_recorded(
    far_recorder: Recorder, far: Upstream, name: str
) -> None:
    with CorporateProxy(far) as proxy:
        got = far_recorder.record(*CURL, "https://api.example/s", variables={name: proxy.url})
    assert (got.stdout, got.returncode) == (BODY, 0)
    assert [head[0] for head in proxy.asked] == ["CONNECT api.example:443 HTTP/1.1"]
    with Recording.open(str(far_recorder.file)) as recording:
        (exchange,) = recording.exchanges
        assert exchange.request
        assert exchange.request.url == "https://api.example/s"
        assert exchange.record.connection
        assert exchange.record.connection.peer == proxy.url.rpartition("@")[2]
        assert exchange.record.connection.t_resolved_ns is None
    assert b"s@cret" not in far_recorder.file.read_bytes()


def test_plain_http_is_asked_of_the_proxy_by_its_whole_url(far_recorder: Recorder, far: Upstream) -> None:
    with CorporateProxy(far) as proxy:
        got = far_recorder.record(*CURL, "http://api.example/s", variables={"http_proxy": proxy.url})
    assert (got.stdout, got.returncode) == (BODY, 0)
    (head,) = proxy.asked
    assert head[0] == "GET http://api.example/s HTTP/1.1"
    assert far.served[0].header("proxy-authorization") == AUTHORIZATION
    with Recording.open(str(far_recorder.file)) as recording:
        (exchange,) = recording.exchanges
        assert exchange.request
        assert exchange.request.url == "http://api.example/s"
        assert "proxy-authorization" not in {name.lower() for name, _ in exchange.request.headers}


def test_a_base_url_leads_through_the_proxy_as_well(far_recorder: Recorder, far: Upstream) -> None:
    options = ("--reverse", "https://api.example", "--env", "BASE")
    with CorporateProxy(far) as proxy:
        got = far_recorder.record(
            "sh", "-c", "curl -sN $BASE/s", options=options, variables={"https_proxy": proxy.url}
        )
    assert got.stdout == BODY


def test_a_proxy_that_refuses_is_named_and_its_credentials_are_not(
    far_recorder: Recorder, far: Upstream
) -> None:
    with CorporateProxy(far) as proxy:
        wrong = proxy.url.replace("s%40cret", "guess")
        got = far_recorder.record(*CURL, "https://api.example/s", variables={"https_proxy": wrong})
    address = proxy.url.rpartition("@")[2]
    assert (
        f"cannot reach api.example:443: the proxy {address} answered 'HTTP/1.1 407 Who Are You'"
        in got.stderr.decode()
    )
    assert got.returncode == 56
    assert b"guess" not in got.stderr


def test_a_proxy_that_is_not_there_is_named(far_recorder: Recorder, closed_port: int) -> None:
    proxy = f"http://127.0.0.1:{closed_port}"
    got = far_recorder.record(*CURL, "https://api.example/s", variables={"https_proxy": proxy})
    assert f"the proxy {proxy.removeprefix('http://')}: Connection refused" in got.stderr.decode()


def test_a_proxy_that_cannot_be_used_is_our_fault_and_is_not_gone_round(recorder: Recorder) -> None:
    got = recorder.record(
        *CURL, recorder.upstream.https + "/s", variables={"ALL_PROXY": "socks4://ann:s3cret@p:1080"}
    )
    assert got.returncode == FAULT
    assert b"ALL_PROXY names a proxy of the kind socks4://" in got.stderr
    assert b"s3cret" not in got.stderr
    assert recorder.upstream.served == []
    assert not recorder.file.exists()


@pytest.mark.parametrize("scheme", ["https", "http"])
@pytest.mark.parametrize("version", CURL_BY_VERSION)
def test_a_proxy_that_is_reached_by_tls_is_gone_through_as_well(
    far_recorder: Recorder, far: Upstream, authority: TestAuthority, scheme: str, version: str
) -> None:
    far_recorder.folder.joinpath("both.pem").write_bytes(
        far.ca_file.read_bytes() + authority.ca_file.read_bytes()
    )
    with CorporateProxy(far, authority.server_context(())) as proxy:
        got = far_recorder.record(
            *CURL_BY_VERSION[version],
            f"{scheme}://api.example/s",
            options=("--upstream-ca", "both.pem"),
            variables={f"{scheme}_proxy": proxy.url},
        )
    assert (got.stdout, got.returncode) == (BODY, 0), got.stderr
    assert "api.example" in proxy.asked[0][0]
    with Recording.open(str(far_recorder.file)) as recording:
        (exchange,) = recording.exchanges
        assert exchange.body() == BODY
        assert exchange.ending is Ending.COMPLETE


def test_a_proxy_whose_certificate_nobody_knows_gets_no_word(far_recorder: Recorder, far: Upstream) -> None:
    with CorporateProxy(far, TestAuthority(far_recorder.folder).server_context(())) as proxy:
        got = far_recorder.record(*CURL, "https://api.example/s", variables={"https_proxy": proxy.url})
    address = proxy.url.rpartition("@")[2]
    assert f"the proxy {address}: unable to get local issuer certificate" in got.stderr.decode()
    assert proxy.asked == []


@pytest.mark.skipif(importlib.util.find_spec("python_socks") is None, reason="python-socks is not installed")
@pytest.mark.parametrize("scheme", ["https", "http"])
def test_a_socks_proxy_is_gone_through(far_recorder: Recorder, far: Upstream, scheme: str) -> None:
    far.play("/s", stream(BODY, gap_s=0))
    with SocksProxy(far) as proxy:
        url = f"{scheme}://api.example/s"
        got = far_recorder.record(*CURL, url, variables={"all_proxy": proxy.url})
    assert (got.stdout, got.returncode) == (BODY, 0), got.stderr
    assert proxy.asked == [["api.example:443" if scheme == "https" else "api.example:80"]]
    assert b"s@cret" not in far_recorder.file.read_bytes()


@pytest.mark.parametrize(
    ("variables", "proxy"),
    [
        ({}, None),
        ({"HTTPS_PROXY": "http://p:3128"}, OutwardProxy("p", 3128)),
        ({"HTTPS_PROXY": "p:3128"}, OutwardProxy("p", 3128)),
        ({"HTTPS_PROXY": "http://upper:1", "https_proxy": "http://lower:2"}, OutwardProxy("lower", 2)),
        ({"HTTPS_PROXY": "", "all_proxy": "http://p"}, OutwardProxy("p", 1080)),
        ({"http_proxy": "http://p:3128"}, None),
        ({"https_proxy": "http://ann:s%40cret@[::1]:1"}, OutwardProxy("::1", 1, "ann", "s@cret")),
        ({"https_proxy": "https://p"}, OutwardProxy("p", 443, kind=Kind.HTTPS)),
        ({"all_proxy": "socks5://p"}, OutwardProxy("p", 1080, kind=Kind.SOCKS5)),
        ({"all_proxy": "socks5h://p:1"}, OutwardProxy("p", 1, kind=Kind.SOCKS5H)),
    ],
)
def test_the_environment_is_read_as_curl_reads_it(
    variables: dict[str, str], proxy: OutwardProxy | None
) -> None:
    assert from_environment(variables).towards(API) == proxy


@pytest.mark.parametrize(
    ("no_proxy", "host", "is_direct"),
    [
        ("*", "api.example", True),
        ("api.example", "api.example", True),
        ("API.Example", "api.example", True),
        ("example", "api.example", True),
        (".example", "api.example", True),
        ("*.example", "api.example", True),
        ("xample", "api.example", False),
        ("example.", "api.example", True),
        ("example", "api.example.", True),
        ("intra, api.example", "api.example", True),
        ("intra api.example", "api.example", True),
        ("api.example:443", "api.example", True),
        ("api.example:8443", "api.example", False),
        ("10.0.0.0/8", "10.1.2.3", True),
        ("10.0.0.0/8", "11.1.2.3", False),
        ("10.1.2.3", "10.1.2.3", True),
        ("fd00::/8", "fd00::1", True),
        ("", "localhost", True),
        ("", "127.0.0.2", True),
        ("", "::1", True),
        ("", "api.example", False),
    ],
)
def test_exceptions_are_names_addresses_networks_and_this_machine(
    no_proxy: str, host: str, is_direct: bool
) -> None:
    proxies = from_environment({"https_proxy": "http://p:1", "no_proxy": no_proxy})
    assert (proxies.towards(Route("https", host, 443)) is None) == is_direct


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("ftp://p:1", "a proxy of the kind ftp://"),
        ("socks4://p", "a proxy of the kind socks4://"),
        ("http://", "no proxy: its value has no host"),
        ("http://:80", "no proxy: its value has no host"),
        ("http://[", "no proxy: its value is no URL"),
        ("http://p:port", "no proxy: its value is no URL"),
    ],
)
def test_what_is_no_proxy_that_can_be_used_is_refused(value: str, words: str) -> None:
    with pytest.raises(UsageError, match=f"HTTPS_PROXY names {words}"):
        from_environment({"https_proxy": value})
