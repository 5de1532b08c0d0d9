"""What helps a browser behind another network to be heard, as RTCPeerConnection takes it."""

from contactcentre.wire.said import Said


class IceServer(Said):
    """One server: it tells a browser its address (stun:), or relays its sound (turn:)."""

    urls: str
    username: str = ""
    credential: str = ""
