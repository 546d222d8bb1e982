"""The environment of the recorded command: how a client is led to the recorder and made to trust it.

Pure functions from an environment to an environment and the small files that it names. They read no disk: what the
user's own files hold is referred to, never copied, since a ``.curlrc`` may hold a key.

Invariant: whatever the user's environment set up for a client still holds, but for its proxy and its authorities; and
a base URL is set only for the vendor of that URL, so that a key never travels to another one.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

SESSION = "SSEREC_SESSION"
"""Marks the command's environment; a recording inside a recording is refused."""

BUNDLE_FILE = "bundle.pem"
AUTHORITY_FILE = "authority.pem"
CURLRC_FILE = ".curlrc"
WGETRC_FILE = "wgetrc"

PROXY_SCHEMES = ("http", "https", "all", "ws", "wss", "grpc")
"""``SCHEME_proxy`` in both cases: curl reads ``http_proxy`` in lower case only, others upper case only."""

NO_PROXY = ("no_proxy", "NO_PROXY", "no_grpc_proxy", "NO_GRPC_PROXY")

BUNDLE_VARIABLES = (
    "SSL_CERT_FILE",  # OpenSSL: Python's ssl and httpx, Ruby, Go, wget2
    "CURL_CA_BUNDLE",
    "REQUESTS_CA_BUNDLE",
    "GRPC_DEFAULT_SSL_ROOTS_FILE_PATH",
    "AWS_CA_BUNDLE",
    "DENO_CERT",
    "GIT_SSL_CAINFO",
    "CARGO_HTTP_CAINFO",
    "PIP_CERT",
    "HTTPLIB2_CA_CERTS",
    "NIX_SSL_CERT_FILE",
    "CLOUDSDK_CORE_CUSTOM_CA_CERTS_FILE",
    "NPM_CONFIG_CAFILE",
    "npm_config_cafile",
)
"""Each replaces its client's authorities, so each must name the union of the old ones and the recording's."""

SHIMS = Path(__file__).parent / "shims"
"""Preloads for clients that would go round a proxy: Node before 22.21, and aiohttp."""

LOOPBACK = "127.0.0.1,localhost,::1"


@dataclass(frozen=True, slots=True)
class Prepared:
    """What a command is started with."""

    variables: dict[str, str]
    files: dict[str, bytes] = field(default_factory=dict)
    """By name, to be written into the folder that the variables point to before the command starts."""


@dataclass(frozen=True, slots=True)
class ClientFiles:
    """What the system and the user set up for clients that have files of their own."""

    curlrc: Path | None = None
    """The file that curl would read."""
    wgetrc: bytes = b""
    """The content of the system's wgetrc."""


def forward(
    environment: Mapping[str, str],
    *,
    proxy_url: str,
    folder: Path,
    authority_pem: bytes,
    bundle: bytes,
    session: str,
    client_files: ClientFiles,
) -> Prepared:
    """Leads clients through the proxy at ``proxy_url``.

    ``folder`` is where the files will be; ``bundle`` holds every authority that the command is to trust.
    """
    proxies = {f"{scheme}_proxy": proxy_url for scheme in PROXY_SCHEMES}
    prepared = trusting(
        without_proxies(environment),
        folder=folder,
        authority_pem=authority_pem,
        bundle=bundle,
        session=session,
        wgetrc=client_files.wgetrc,
    )
    variables = {
        **prepared.variables,
        **proxies,
        **{name.upper(): value for name, value in proxies.items()},
        **shim_variables(environment),
        "NODE_USE_ENV_PROXY": "1",  # Node since 22.21
        "CURL_HOME": str(folder),
    }
    return Prepared(variables, {**prepared.files, CURLRC_FILE: curlrc(client_files.curlrc)})


def trusting(
    environment: Mapping[str, str],
    *,
    folder: Path,
    authority_pem: bytes,
    bundle: bytes,
    session: str,
    wgetrc: bytes,
) -> Prepared:
    """Makes clients trust the recording's authority, whichever way their connections come to it."""
    bundle_path = str(folder / BUNDLE_FILE)
    variables = {
        **environment,
        **dict.fromkeys(BUNDLE_VARIABLES, bundle_path),
        "NODE_EXTRA_CA_CERTS": str(folder / node_extra_file(environment)),
        "SYSTEM_WGETRC": str(folder / WGETRC_FILE),
        SESSION: session,
    }
    files = {
        BUNDLE_FILE: bundle,
        AUTHORITY_FILE: authority_pem,
        WGETRC_FILE: trusting_wgetrc(wgetrc, bundle_path),
    }
    return Prepared(variables, files)


def without_proxies(environment: Mapping[str, str]) -> dict[str, str]:
    """Nothing that names a proxy, or an exception from one."""
    proxies = {f"{scheme}_proxy" for scheme in PROXY_SCHEMES}
    return {
        name: value
        for name, value in environment.items()
        if name not in NO_PROXY and name.lower() not in proxies
    }


def node_extra_file(environment: Mapping[str, str]) -> str:
    """Node adds this file's certificates to its own roots."""
    return BUNDLE_FILE if environment.get("NODE_EXTRA_CA_CERTS") else AUTHORITY_FILE


def shim_variables(environment: Mapping[str, str]) -> dict[str, str]:
    """What makes Node and Python load a shim first; what the user's own variables say comes after it."""
    preload = str(SHIMS / "node_preload.cjs").replace("\\", "\\\\").replace('"', '\\"')
    return {
        "NODE_OPTIONS": f'--require "{preload}" {environment.get("NODE_OPTIONS", "")}'.rstrip(),
        "PYTHONPATH": os.pathsep.join(filter(None, [str(SHIMS / "python"), environment.get("PYTHONPATH")])),
    }


def named_bundles(environment: Mapping[str, str]) -> list[str]:
    """The files of authorities that the environment names already."""
    names = (*BUNDLE_VARIABLES, "NODE_EXTRA_CA_CERTS")
    return [environment[name] for name in names if environment.get(name)]


def curlrc(own: Path | None) -> bytes:
    """``curl -i`` would print the proxy's answer to CONNECT among the server's heads.

    The user's ``own`` file is read by curl itself, from where it stands.
    """
    quoted = str(own).replace("\\", "\\\\").replace('"', '\\"')
    return (
        f'suppress-connect-headers\nconfig = "{quoted}"\n'.encode() if own else b"suppress-connect-headers\n"
    )


def curlrc_candidates(environment: Mapping[str, str]) -> list[Path]:
    """Where curl looks for its file, in its order (curl(1), ``--config``)."""
    places = (
        ("CURL_HOME", ".curlrc"),
        ("XDG_CONFIG_HOME", ".curlrc"),
        ("XDG_CONFIG_HOME", "curlrc"),
        ("HOME", ".curlrc"),
        ("HOME", ".config/curlrc"),
    )
    return [Path(environment[variable], file) for variable, file in places if environment.get(variable)]


def trusting_wgetrc(system: bytes, bundle_path: str) -> bytes:
    """Wget's GnuTLS reads no variable. This replaces the system's file; the user's own is read after it."""
    return system + f"\nca_certificate = {bundle_path}\n".encode()


def system_wgetrc(environment: Mapping[str, str]) -> Path:
    return Path(environment.get("SYSTEM_WGETRC") or "/etc/wgetrc")


def reverse(environment: Mapping[str, str], base_urls: Mapping[str, str], *, session: str) -> Prepared:
    """Leads the SDKs of the vendors to their ``base_urls``, by variable; everything else goes its usual way."""
    exempt = {name: with_loopback(environment.get(name, "")) for name in ("no_proxy", "NO_PROXY")}
    return Prepared({**environment, **exempt, **base_urls, SESSION: session})


def with_loopback(no_proxy: str) -> str:
    """The base URLs are on this machine: a proxy from the environment must not carry them away."""
    return f"{no_proxy},{LOOPBACK}" if no_proxy else LOOPBACK


@dataclass(frozen=True, slots=True)
class Vendor:
    """How the SDKs of one API are led to another base URL."""

    variable: str
    path: str = ""
    """What they expect the base URL to end in."""


VENDORS = {
    "generativelanguage.googleapis.com": Vendor("GOOGLE_GEMINI_BASE_URL"),
    "api.openai.com": Vendor("OPENAI_BASE_URL", "/v1"),
    "api.anthropic.com": Vendor("ANTHROPIC_BASE_URL"),
}


def base_url_variable(target: str) -> str | None:
    """The variable that the SDKs of ``target``'s vendor read, if it is a known one."""
    vendor = VENDORS.get(urlsplit(target).hostname or "")
    return vendor.variable if vendor else None


def base_url(target: str, local: str) -> str:
    """``local``, which stands for ``target``, as the vendor's SDKs want it written."""
    parts = urlsplit(target)
    vendor = VENDORS.get(parts.hostname or "")
    return local + vendor.path if vendor and parts.path in ("", "/") else local
