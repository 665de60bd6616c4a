"""Which proxy stands between here and a server."""

from __future__ import annotations

import ipaddress
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass


def proxy_for(url: str, setting: str) -> str | None:
    """The proxy's URL, or None for none.

    ``setting`` is the administrator's. Without one the environment's is taken, for https alone:
    plain http is for the own network, and the yes to it was a yes to that address. Never for this
    machine itself.
    """
    split = urlsplit(url)
    host = split.hostname or ""
    if host == "localhost" or _loopback(host):
        return None
    if setting:
        return setting if "://" in setting else f"http://{setting}"
    if split.scheme != "https" or proxy_bypass(split.netloc.rpartition("@")[2]):
        return None
    found = getproxies()
    proxy = found.get("https") or found.get("all") or ""
    if not proxy:
        return None
    return proxy if "://" in proxy else f"http://{proxy}"


def _loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
