"""The tables of G.711, held against the decision values printed in the recommendation."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pytest

from contactcentre.adapters.media_aiortc.g711 import LAWS, PCMA, PCMU, SAMPLE_OFFSET, Law

ULAW_STEPS = [(1, 1), (15, 2), *((16, 2**n) for n in range(2, 9))]
"""Table 2a: how many intervals of which width, in units of 1/8159 of full scale."""
ALAW_STEPS = [(32, 2), *((16, 2**n) for n in range(2, 8))]
"""Table 1a, in units of 1/4096."""


def decision_values(steps: list[tuple[int, int]]) -> list[int]:
    values = [0]
    for count, width in steps:
        values += [values[-1] + width * (n + 1) for n in range(count)]
    return values


def ulaw_byte(interval: int) -> int:
    return 0xFF - interval


def alaw_byte(interval: int) -> int:
    return (interval | 0x80) ^ 0x55


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """What the recommendation prints for one law."""

    law: Law
    steps: list[tuple[int, int]]
    unit: int
    """Of the recommendation, in 16-bit samples."""
    byte: Callable[[int], int]
    """Of a positive sample's interval."""


TABLES = [
    pytest.param(Table(law=PCMU, steps=ULAW_STEPS, unit=4, byte=ulaw_byte), id="PCMU"),
    pytest.param(Table(law=PCMA, steps=ALAW_STEPS, unit=8, byte=alaw_byte), id="PCMA"),
]


@pytest.mark.parametrize("table", TABLES)
def test_every_sample_has_the_byte_of_its_interval(table: Table) -> None:
    bounds = decision_values(table.steps)
    assert len(bounds) == 129, "128 intervals"
    for sample in range(32_768):
        interval = min(int(np.searchsorted(bounds, sample / table.unit, side="right")) - 1, 127)
        assert table.law.encoded[sample + SAMPLE_OFFSET] == table.byte(interval)
        assert table.law.encoded[-sample - 1 + SAMPLE_OFFSET] == table.byte(interval) ^ 0x80


@pytest.mark.parametrize("table", TABLES)
def test_every_byte_means_the_middle_of_its_interval(table: Table) -> None:
    bounds = decision_values(table.steps)
    for interval in range(128):
        middle = (bounds[interval] + bounds[interval + 1]) * table.unit // 2
        if table.law is PCMU and interval == 0:
            middle = 0
        assert table.law.decoded[table.byte(interval)] == middle
        assert table.law.decoded[table.byte(interval) ^ 0x80] == -middle


@pytest.mark.parametrize("law", LAWS, ids=lambda law: str(law.name))
def test_sound_that_was_coded_once_is_not_changed_by_coding_it_again(law: Law) -> None:
    once = law.decode(bytes(range(256)))
    assert np.array_equal(law.decode(law.encode(once)), once)


@pytest.mark.parametrize("law", LAWS, ids=lambda law: str(law.name))
def test_silence_is_silent(law: Law) -> None:
    assert len(law.silence) == 160
    assert np.abs(law.decode(law.silence).astype(int)).max() <= 8
