"""How a command is led to a replay: by the base-URL variables of its SDKs, or by a proxy that it does not notice.

Pure but for the files that the variables name. Nothing here marks the command as recorded: it may record what it is
played.
"""

import os
from collections.abc import Iterable
from pathlib import Path

from sserec.proxy import environment
from sserec.proxy.endpoint import system_wgetrc, written
from sserec.proxy.environment import BUNDLE_FILE, BUNDLE_VARIABLES, ClientFiles
from sserec.proxy.trust import union_bundle


def by_base_url(base_urls: dict[str, str]) -> dict[str, str]:
    """The environment with these variables, in which no proxy stands before loopback."""
    return unmarked(environment.reverse(os.environ, base_urls, session="").variables)


def by_proxy(url: str, folder: Path, authority_pem: bytes) -> dict[str, str]:
    """The environment in which everything goes through the proxy at ``url``; its files are written to ``folder``."""
    own_curlrc = (path for path in environment.curlrc_candidates(os.environ) if path.is_file())
    prepared = environment.forward(
        os.environ,
        proxy_url=url,
        folder=folder,
        authority_pem=authority_pem,
        bundle=bundle(authority_pem),
        session="",
        client_files=ClientFiles(next(own_curlrc, None), system_wgetrc()),
    )
    return unmarked(written(prepared, folder).variables)


def trusting(folder: Path, authority_pem: bytes) -> dict[str, str]:
    """The variables that make clients trust the authority besides those that they trust already."""
    path = folder / BUNDLE_FILE
    path.write_bytes(bundle(authority_pem))
    return dict.fromkeys((*BUNDLE_VARIABLES, "NODE_EXTRA_CA_CERTS"), str(path))


def base_urls(servers: Iterable[str], url: str) -> dict[str, str]:
    """The variables that lead the SDKs of these servers' vendors to ``url``."""
    named = ((environment.base_url_variable(server), server) for server in servers)
    return {variable: environment.base_url(server, url) for variable, server in named if variable}


def bundle(authority_pem: bytes) -> bytes:
    return union_bundle(authority_pem, environment.named_bundles(os.environ))


def unmarked(variables: dict[str, str]) -> dict[str, str]:
    return {name: value for name, value in variables.items() if name != environment.SESSION}
