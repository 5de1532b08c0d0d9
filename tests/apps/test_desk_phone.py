"""Which phones advisers may take the sound on, as the desk says it before anybody is rung."""

from pathlib import Path

from contactcentre.wire import desk as said
from tests.apps.desk_centre import ADA, desk_centre


async def test_a_phone_of_the_list_is_taken_and_another_is_refused_in_a_sentence(
    redis_url: str, database_url: str, tmp_path: Path
) -> None:
    (tmp_path / "numbers.toml").write_text('own = ["+441632960001"]\nallowed = ["+441632", "2"]\n')
    numbers = str(tmp_path / "numbers.toml")
    async with (
        desk_centre(redis_url, database_url, CC_OUTSIDE_NUMBERS=numbers) as centre,
        centre.browser() as browser,
    ):
        asked = said.TryPhone(number="+44 1632 960100")
        assert (await browser.refused("POST", "/api/phone", asked)).code == "not-signed-in"
        await browser.sign_in(ADA)
        assert (await browser.tell("GET", "/api/me", None, said.Me)).may_use_phone
        tried = await browser.tell("POST", "/api/phone", asked, said.PhoneTried)
        assert tried.number == "+441632960100"
        refused = await browser.refused("POST", "/api/phone", said.TryPhone(number="+33123456789"))
        assert (refused.status, refused.code) == (403, "number-not-allowed")
        bare = said.TryPhone(number="01632 960100")
        tried = await browser.tell("POST", "/api/phone", bare, said.PhoneTried)
        assert tried.number == "+441632960100", "as a node would ring it"
        none = await browser.refused("POST", "/api/phone", said.TryPhone(number="999"))
        assert "Write it with its country" in none.detail


async def test_where_nobody_is_rung_no_phone_is_offered_or_taken(
    redis_url: str, database_url: str
) -> None:
    async with desk_centre(redis_url, database_url) as centre, centre.browser() as browser:
        await browser.sign_in(ADA)
        assert not (await browser.tell("GET", "/api/me", None, said.Me)).may_use_phone
        refused = await browser.refused("POST", "/api/phone", said.TryPhone(number="2001"))
        assert refused.code == "number-not-allowed"
