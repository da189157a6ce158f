"""What we can tell of a client: enough to recognise a device, too little to follow a person."""

from dataclasses import dataclass
from ipaddress import IPv6Address, ip_address, ip_network

_USER_AGENT_LENGTH = 256
_IPV4_BITS, _IPV6_BITS = 24, 64  # what a household or a mobile network keeps for a while


@dataclass(frozen=True, slots=True)
class Device:
    """`address_prefix` is a network such as 192.0.2.0/24, or empty when the address isn't known."""

    address_prefix: str
    user_agent: str


def describe_device(address: str, user_agent: str) -> Device:
    """Return the device that sends `user_agent` from `address`; neither can be too odd for it."""
    shown = "".join(character for character in user_agent if character.isprintable())
    return Device(address_prefix(address), shown[:_USER_AGENT_LENGTH])


def address_prefix(address: str) -> str:
    """Return the network that the address belongs to, or "" for what is no address."""
    try:
        parsed = ip_address(address.strip())
    except ValueError:
        return ""
    if isinstance(parsed, IPv6Address) and parsed.ipv4_mapped is not None:
        parsed = parsed.ipv4_mapped
    bits = _IPV6_BITS if isinstance(parsed, IPv6Address) else _IPV4_BITS
    return str(ip_network(f"{parsed}/{bits}", strict=False))


def named_prefix(text: str) -> str:
    """Return the network that an address belongs to, or a network that is given as we write it; or "" for neither."""
    address, slash, _ = text.partition("/")
    prefix = address_prefix(address)
    return prefix if not slash or prefix == text else ""
