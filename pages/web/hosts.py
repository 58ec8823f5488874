"""Which names this server answers to.

A stranger's page may let its own name point to this machine (DNS rebinding): the visitor's browser then takes the server for a part of that
page, which may read and do here what the visitor may. Only the name in the Host header tells; so names are answered to that nobody else
can have, and those that LATENT_HOSTS adds.
"""

import os
import re
import socket
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address

VARIABLE = "LATENT_HOSTS"
EVERYWHERE = ("", "0.0.0.0", "::")  # what a server that listens on all addresses is told (or not told)


@dataclass(frozen=True)
class Hosts:
    """The names that are answered to; loopback always is."""

    names: frozenset[str] = frozenset()
    added: frozenset[str] = frozenset()  # by LATENT_HOSTS
    addresses: bool = False  # any IP address
    everything: bool = False

    def allow(self, header: str | None) -> bool:
        """Whether a Host header, with or without a port, names this server."""
        if self.everything:
            return True
        name = host_name(header or "")
        if name in ("", "localhost"):
            return bool(name)
        address = _address(name)
        return name in self.names | self.added or bool(address and (self.addresses or address.is_loopback))

    def allow_origin(self, origin: str, header: str | None) -> bool:
        """Whether a page from there may open a websocket here: our own may, and what LATENT_HOSTS adds (a proxy may change the Host)."""
        place = origin.partition("://")[2].lower()
        return place == (header or "").lower() or self.everything or host_name(place) in self.added


def read(listening_on: str, added: str | None = None) -> Hosts:
    """The names for a server at that address (HOST), with those of LATENT_HOSTS unless told. Raises ValueError with a sentence.

    One that listens on all addresses answers to any IP address, which is how a class opens http://192.168.1.20:8501: an address is not
    looked up, so that nobody can let it point elsewhere. It also answers to this machine's own name, alone and with .local.
    """
    entries = [e.strip() for e in (os.environ.get(VARIABLE, "") if added is None else added).split(",") if e.strip()]
    wrong = [entry for entry in entries if entry != "*" and not host_name(entry)]
    if wrong:
        raise ValueError(
            f"{VARIABLE} should be names with commas between, such as explorer.school.edu (* for any); {wrong[0]!r} is not one."
        )
    everywhere = listening_on in EVERYWHERE
    own = host_name(socket.gethostname())
    names = {own, f"{own}.local"} if everywhere else {host_name(listening_on) or host_name(f"[{listening_on}]")}
    return Hosts(frozenset(names - {""}), frozenset(map(host_name, entries)) - {""}, everywhere, "*" in entries)


def host_name(header: str) -> str:
    """The name or address of a Host header in lower case, without port, brackets and final dot; "" when it is none."""
    match = re.fullmatch(r"(?:\[([0-9a-f:.]+)\]|([a-z0-9._-]{1,253}?)\.?)(?::\d{0,5})?", header.strip().lower())
    name = (match[1] or match[2]) if match else ""
    if match and match[1] and not _address(name):
        return ""
    return str(_address(name) or name)


def _address(name: str) -> IPv4Address | IPv6Address | None:
    try:
        return ip_address(name)
    except ValueError:
        return None
