"""Leads aiohttp through the proxy that HTTPS_PROXY names; it looks at no variable unless ``trust_env`` is given.

``sserec record`` puts this file's folder on PYTHONPATH, so that it runs when the command's interpreter starts. It takes
itself off the path, does what little there is to do if and when aiohttp is imported, and hands over to the
``sitecustomize`` that it stands before. It must do no harm in any Python since 3.7, whichever aiohttp there is, and it
costs every start of an interpreter, so it imports next to nothing.
"""

from __future__ import annotations

import os
import sys
from importlib.machinery import PathFinder

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import ModuleType
    from typing import Any

PATCHED = "aiohttp.client"


def lead(module: Any) -> None:
    """Gives the requests of ``module``'s sessions a proxy, unless the program chose one or a way of its own.

    ``trust_env=True`` would do as well, but it also sends credentials from ~/.netrc.
    """
    session = module.ClientSession
    direct = session._request

    def _request(self: Any, method: Any, url: Any, **options: Any) -> Any:
        chosen = options.get("proxy") or getattr(self, "_default_proxy", None) or self._trust_env
        if not chosen and isinstance(self._connector, module.TCPConnector):
            options["proxy"] = os.environ.get("HTTPS_PROXY")
        return direct(self, method, url, **options)

    session._request = _request


class Leading:
    """Loads a module as ``loader`` does, and leads it."""

    def __init__(self, loader: Any) -> None:
        self._loader = loader

    def __getattr__(self, name: str) -> Any:
        return getattr(self._loader, name)

    def create_module(self, spec: Any) -> Any:
        return self._loader.create_module(spec)

    def exec_module(self, module: ModuleType) -> None:
        self._loader.exec_module(module)
        lead(module)


class Finder:
    """Finds one module, once."""

    def find_spec(self, fullname: str, path: Any = None, target: Any = None) -> Any:
        if fullname != PATCHED:
            return None
        sys.meta_path.remove(self)
        spec: Any = PathFinder.find_spec(fullname, path, target)
        if spec is not None and spec.loader is not None:
            spec.loader = Leading(spec.loader)
        return spec


def hand_over() -> None:
    """Imports the ``sitecustomize`` that would have been found without this one."""
    here = os.path.dirname(os.path.abspath(__file__))
    sys.path[:] = [folder for folder in sys.path if os.path.abspath(folder) != here]
    this = sys.modules.pop("sitecustomize")
    try:
        __import__("sitecustomize")
    except ImportError as fault:
        if fault.name != "sitecustomize":
            raise
    finally:
        sys.modules.setdefault("sitecustomize", this)


if os.environ.get("SSEREC_SESSION"):
    sys.meta_path.insert(0, Finder())
hand_over()
