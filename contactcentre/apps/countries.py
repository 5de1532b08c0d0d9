"""Whether the files of trunks and of outside numbers are of one country, as far as one can see."""

from collections.abc import Iterator
from pathlib import Path

from contactcentre.adapters.flow_files.outside_numbers import read_outside_numbers
from contactcentre.adapters.sip.trunks import read_trunks
from contactcentre.domain.dialling import DialRules
from contactcentre.domain.errors import BadRequest
from contactcentre.settings import Settings


def odd_countries(settings: Settings) -> Iterator[str]:
    """Yield what does not fit together: numbers without a country would be rung in another one."""
    if settings.outside_numbers is None:
        return
    try:
        rules = read_outside_numbers(settings.outside_numbers).rules
        trunks = {} if settings.sip_trunks is None else read_trunks(settings.sip_trunks).trunks
    except BadRequest as problem:
        yield str(problem)
        return
    yield from _own(settings.outside_numbers, rules)
    for name, trunk in trunks.items():
        if trunk.out is not None and trunk.country != rules.country:
            yield (
                f"The trunk {name} takes numbers without a country for +{trunk.country}, and "
                f"{settings.outside_numbers} for +{rules.country}: write the same into both."
            )


def _own(path: Path, rules: DialRules) -> Iterator[str]:
    """Say so if the centre's own numbers are all of another country."""
    if not any(own.startswith(f"+{rules.country}") for own in rules.own):
        yield (
            f"{path} takes numbers without a country for +{rules.country}, but none of its own "
            'numbers is of that country: write your country into it, as in country = "353".'
        )
