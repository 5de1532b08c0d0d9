"""What Twilio's voice says where no node of ours can: each with something else to do."""

from collections.abc import Mapping
from types import MappingProxyType

from contactcentre.domain.languages import Language

FULL: Mapping[Language, str] = MappingProxyType(
    {
        Language.ENGLISH: (
            "Thank you for calling {organisation}. We cannot take another call at the moment."
            " You can find help online at any time, or call us from our web page, at {site}."
            " Or please ring again in ten minutes."
        ),
        Language.WELSH: (
            "Diolch am ffonio {organisation}. Ni allwn gymryd galwad arall ar hyn o bryd."
            " Gallwch gael help ar-lein unrhyw bryd, neu ein ffonio o'n tudalen we, yn {site}."
            " Neu ffoniwch eto ymhen deng munud."
        ),
    }
)
DOWN: Mapping[Language, str] = MappingProxyType(
    {
        Language.ENGLISH: (
            "Thank you for calling {organisation}. Because of a fault on our side we cannot take"
            " your call at the moment, and we are working on it. You can find our online services"
            " at {site}. Please ring again in half an hour."
        ),
        Language.WELSH: (
            "Diolch am ffonio {organisation}. Oherwydd nam ar ein hochr ni, ni allwn gymryd eich"
            " galwad ar hyn o bryd, ac rydym yn gweithio arno. Mae ein gwasanaethau ar-lein yn"
            " {site}. Ffoniwch eto ymhen hanner awr, os gwelwch yn dda."
        ),
    }
)
BACK: Mapping[Language, str] = MappingProxyType(
    {
        Language.ENGLISH: (
            "We lost the connection to you and are bringing you back. You keep your place."
            " Please stay on the line."
        ),
        Language.WELSH: (
            "Collwyd y cysylltiad â chi ac rydym yn eich cysylltu eto. Rydych yn cadw eich lle."
            " Arhoswch ar y lein, os gwelwch yn dda."
        ),
    }
)
LOST: Mapping[Language, str] = MappingProxyType(
    {
        Language.ENGLISH: (
            "We are sorry: because of a fault on our side we could not bring your call back."
            " Please ring again, or find help online at {site}."
        ),
        Language.WELSH: (
            "Mae'n ddrwg gennym: oherwydd nam ar ein hochr ni, ni allem gysylltu eich galwad eto."
            " Ffoniwch eto, neu cewch help ar-lein yn {site}."
        ),
    }
)

assert all(said.keys() == set(Language) for said in (FULL, DOWN, BACK, LOST)), "in every language"
