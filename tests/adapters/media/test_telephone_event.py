"""Keys as RFC 4733 sends them."""

import itertools

import pytest

from contactcentre.adapters.media_aiortc.telephone_event import KEYS, KeyPresses, duration_of


def event(key: str, duration: int, *, end: bool = False) -> bytes:
    return bytes([KEYS.index(key), 10 | (0x80 if end else 0)]) + duration.to_bytes(2, "big")


def press(key: str) -> list[bytes]:
    return [event(key, 160 * n) for n in range(1, 5)] + [event(key, 640, end=True)] * 3


@pytest.mark.parametrize("key", KEYS)
def test_a_press_is_one_key_however_many_packets_tell_it(key: str) -> None:
    keys = KeyPresses()
    heard = [keys.heard(1, 5_000, payload) for payload in press(key)]
    assert heard == [key, *[None] * 6]


@pytest.mark.parametrize("lost", [set(n) for n in itertools.combinations(range(7), 3)], ids=str)
def test_a_press_is_told_whichever_of_its_packets_are_lost(lost: set[int]) -> None:
    keys = KeyPresses()
    came = [payload for n, payload in enumerate(press("5")) if n not in lost]
    told = [keys.heard(1, 5_000, payload) for payload in came]
    assert [key for key in told if key is not None] == ["5"]


def test_the_same_key_pressed_twice_is_two_keys() -> None:
    keys = KeyPresses()
    told = [keys.heard(1, at, payload) for at in (5_000, 9_000) for payload in press("3")]
    assert [key for key in told if key is not None] == ["3", "3"]


def test_a_packet_of_an_earlier_press_that_comes_late_is_no_key() -> None:
    keys = KeyPresses()
    assert keys.heard(1, 9_000, event("1", 160)) == "1"
    assert keys.heard(1, 5_000, event("2", 640, end=True)) is None


def test_a_timestamp_that_goes_round_is_later_all_the_same() -> None:
    keys = KeyPresses()
    assert keys.heard(1, 0xFFFF_FF00, event("1", 160)) == "1"
    assert keys.heard(1, 200, event("2", 160)) == "2"


def test_another_stream_has_timestamps_of_its_own() -> None:
    keys = KeyPresses()
    assert keys.heard(1, 9_000, event("1", 160)) == "1"
    assert keys.heard(2, 5_000, event("1", 160)) == "1"


@pytest.mark.parametrize("payload", [b"", b"\x01\x0a\x00", bytes([12, 10, 0, 160]), b"\xff" * 4])
def test_what_is_no_key_of_a_telephone_is_not_told(payload: bytes) -> None:
    assert KeyPresses().heard(1, 5_000, payload) is None


def test_the_length_of_a_press_is_in_samples() -> None:
    assert duration_of(event("1", 640)) == 640
