"""The bank holidays of the nations of the United Kingdom, as the `holidays` library keeps them."""

from collections.abc import Callable, Mapping
from datetime import date
from enum import StrEnum
from functools import cache
from types import MappingProxyType

from holidays import country_holidays


class Nation(StrEnum):
    """Whose bank holidays a line keeps."""

    ENGLAND_AND_WALES = "england-and-wales"
    SCOTLAND = "scotland"
    NORTHERN_IRELAND = "northern-ireland"


SUBDIVISIONS: Mapping[Nation, str] = MappingProxyType(
    {Nation.ENGLAND_AND_WALES: "ENG", Nation.SCOTLAND: "SCT", Nation.NORTHERN_IRELAND: "NIR"}
)


@cache
def bank_holidays(nation: Nation) -> Callable[[date], bool]:
    """Return what says of a date whether it is a bank holiday; years are added as they come."""
    return country_holidays("GB", subdiv=SUBDIVISIONS[nation]).__contains__


def never(_day: date) -> bool:
    """Say that no day is a bank holiday."""
    return False
