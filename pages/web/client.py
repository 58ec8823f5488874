"""Whose request this is: the address that it is counted for, also behind the proxies that LATENT_PROXIES names."""

import os
import re
from collections.abc import Iterable, MutableMapping, Sequence
from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Any

import streamlit as st

VARIABLE = "LATENT_PROXIES"
LOOPBACK = "127.0.0.1"
Network = IPv4Network | IPv6Network


def proxies(text: str | None = None) -> tuple[Network, ...]:
    """The networks whose word is taken for where a request comes from (unless told, LATENT_PROXIES). Raises ValueError with a sentence."""
    names = os.environ.get(VARIABLE, "") if text is None else text
    try:
        return tuple(ip_network(name.strip(), strict=False) for name in names.split(",") if name.strip())
    except ValueError as error:
        raise ValueError(
            f"{VARIABLE} should be addresses or networks with commas between, such as 10.0.0.5,192.168.0.0/24; {error}."
        ) from None


def address(scope: MutableMapping[str, Any], trusted: Sequence[Network] = ()) -> str:
    """The address of whoever sent an ASGI request.

    Forwarding headers are read from the right, where the nearest proxy writes, and only as far as each hop is trusted: what stands further
    to the left, the client may have invented. Two headers that disagree are not believed at all.
    """
    peer = _plain(scope["client"][0]) if scope.get("client") else ""
    chains = [_x_forwarded_for(scope["headers"]), _forwarded(scope["headers"])]
    # Uvicorn believes any X-Forwarded-For that comes from this machine, where a plain tunnel ends just as a proxy does, and puts the last
    # entry that is not this machine in the peer's place. A peer that is that very entry, or no address, is therefore this machine.
    if chains[0] and (not _is_address(peer) or peer == next((hop for hop in reversed(chains[0]) if not _is_loopback(hop)), chains[0][0])):
        peer = LOOPBACK
    found = {_walk(peer, chain, trusted) for chain in chains if chain}
    return found.pop() if len(found) == 1 else peer


def _walk(peer: str, chain: Sequence[str], trusted: Sequence[Network]) -> str:
    """The first hop, from the right, that is not trusted."""
    for hop in reversed(chain):
        if not _is_address(hop) or not any(ip_address(peer) in network for network in trusted):
            break
        peer = hop
    return peer


def _x_forwarded_for(headers: Iterable[tuple[bytes, bytes]]) -> list[str]:
    return [_plain(entry) for entry in _entries(headers, b"x-forwarded-for")]


def _forwarded(headers: Iterable[tuple[bytes, bytes]]) -> list[str]:  # RFC 7239, section 4
    matches = [re.search(r'(?:^|;)\s*for="?([^";]+)', entry, re.IGNORECASE) for entry in _entries(headers, b"forwarded")]
    return [_plain(match[1]) if match else "" for match in matches]


def _entries(headers: Iterable[tuple[bytes, bytes]], name: bytes) -> list[str]:
    lines = [value.decode("latin-1") for key, value in headers if key.lower() == name]
    return [entry.strip() for entry in ",".join(lines).split(",")] if lines else []


def _plain(host: str) -> str:
    """An address without port and brackets, of IPv4 in IPv6 the IPv4; anything else as it is."""
    host = host.strip()
    if match := re.fullmatch(r"\[([^\]]*)\](?::\d+)?|([^:]+):\d+", host):
        host = match[1] or match[2] or ""
    if not _is_address(host):
        return host
    parsed = ip_address(host)
    return str((parsed.ipv4_mapped if isinstance(parsed, IPv6Address) else None) or parsed)


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True


def _is_loopback(text: str) -> bool:
    return _is_address(text) and ip_address(text).is_loopback


def household(host: str) -> str:
    """Whom to count a request for: the address, of IPv6 its /64, all of which one household has."""
    if not _is_address(host):
        return host
    parsed = ip_address(host)
    return str(ip_network((int(parsed) >> 64 << 64, 64))) if isinstance(parsed, IPv6Address) and not parsed.ipv4_mapped else host


def visitor() -> str:
    """Whom to count what the running page's visitor does for. (The guard has put the real address in the connection's place.)"""
    return household(st.context.ip_address or LOOPBACK)
