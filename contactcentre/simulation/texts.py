"""Whether what was shown as sent arrived once and in order (I11), by what pages showed and stands.

Wrong is

- a text that its writer's page showed as sent and the record does not have;
- a text with other words on another page or in the record, or under another order than that with
  which its writer's page showed it as sent (one that was written down before and never told to its
  writer, whose page has said it again to the next node, may stand there under its older order);
- two texts of one page whose orders are not as they were written;
- a page of the other side that shows a later text of somebody, and not an earlier one that had been
  shown as sent;
- a text that was shown as sent while nothing was broken, and that the other side's page, which was
  there before and after it, does not show within a few seconds.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

from contactcentre.domain.call import VERSIONS_PER_EPOCH
from contactcentre.domain.events import TextWritten
from contactcentre.drills.history import History
from contactcentre.drills.order import unrest_of
from contactcentre.drills.spans import Span, parts_of
from contactcentre.ports.records import WrittenEvent
from contactcentre.simulation.chats import CALLER, TextShown

ARRIVES_WITHIN_MS = 3_000

Key = tuple[str, str, str]
"""A call, and who wrote the text, and its id."""


def texts_wrong(history: History, events: Sequence[WrittenEvent]) -> Iterator[str]:
    """Yield a sentence for each text that did not arrive once and in order."""
    shown = list(history.of(TextShown))
    recorded: dict[Key, set[tuple[int, str]]] = defaultdict(set)
    for one in events:
        if isinstance(one.event, TextWritten):
            key = (str(one.event.call), str(one.event.by), str(one.event.text))
            recorded[key].add((one.event.order, one.event.words))
    yield from _not_recorded(shown, recorded)
    yield from _two_ways(shown, recorded)
    yield from _out_of_order(shown)
    yield from _holes(shown)
    yield from _not_arrived(history, shown)


def _not_recorded(shown: Sequence[TextShown], recorded: Mapping[Key, object]) -> Iterator[str]:
    for one in shown:
        if one.is_own and _key(one) not in recorded:
            yield f"{one.text} of {one.call} was shown as sent and is not in the record"


def _two_ways(
    shown: Sequence[TextShown], recorded: Mapping[Key, set[tuple[int, str]]]
) -> Iterator[str]:
    ways: dict[Key, set[tuple[int, str]]] = defaultdict(set)
    sent: dict[Key, set[int]] = defaultdict(set)
    for key, stands in recorded.items():
        ways[key] |= stands
    for one in shown:
        ways[_key(one)].add((one.order, one.words))
        if one.is_own:
            sent[_key(one)].add(one.order)
    for key, stands in ways.items():
        last = max(sent[key], default=None)
        others = {order for order, _ in stands if last is not None and not _is_older(order, last)}
        if len(others) > 1 or len(sent[key]) > 1 or len({words for _, words in stands}) > 1:
            yield f"{key[2]} of {key[0]} stands in {len(stands)} places: {sorted(stands)}"


def _is_older(order: int, than: int) -> bool:
    """Say whether an order was given by an earlier node than another one."""
    return order // VERSIONS_PER_EPOCH < than // VERSIONS_PER_EPOCH


def _out_of_order(shown: Sequence[TextShown]) -> Iterator[str]:
    orders: dict[tuple[str, str], dict[str, int]] = defaultdict(dict)
    for one in shown:
        if one.is_own:
            orders[one.call, one.page][one.text] = one.order
    for (call, page), own in orders.items():
        by_writer: dict[str, list[int]] = defaultdict(list)
        for text, order in sorted(own.items()):
            by_writer[_writer(text)].append(order)
        if any(written != sorted({*written}) for written in by_writer.values()):
            yield f"what {page} wrote in {call} stands in another order: {own}"


def _holes(shown: Sequence[TextShown]) -> Iterator[str]:
    sent = {_key(one) for one in shown if one.is_own}
    read: dict[tuple[str, str, str, str], set[str]] = defaultdict(set)
    for one in shown:
        if not one.is_own:
            read[one.call, one.page, one.by, _writer(one.text)].add(one.text)
    for (call, page, by, writer), texts in read.items():
        own = {text for a_call, a_by, text in sent if (a_call, a_by) == (call, by)}
        for text in sorted(own):
            if _writer(text) == writer and text < max(texts) and text not in texts:
                yield f"{page} of {call} shows {max(texts)} and not {text}, which was sent before"


def _not_arrived(history: History, shown: Sequence[TextShown]) -> Iterator[str]:
    unrest = list(unrest_of(history))
    there: dict[str, list[tuple[str, Span]]] = defaultdict(list)
    for name, facts in history.by_adviser().items():
        for part in parts_of(name, facts):
            if part.kind == "talk":
                there[part.call].append((name, part.span))
    reads = {(one.page, _key(one)) for one in shown}
    for one in shown:
        needed = Span(one.at_ms - ARRIVES_WITHIN_MS, one.at_ms + ARRIVES_WITHIN_MS)
        if not one.is_own or any(span.overlap_ms(needed) > 0 for span in unrest):
            continue
        for adviser, span in there[one.call]:
            if not span.covers(needed.began_ms, needed.ended_ms):
                continue
            other = CALLER if one.page == adviser else adviser
            if one.page in {CALLER, adviser} and (other, _key(one)) not in reads:
                yield f"{one.text} of {one.call} was shown as sent and never came to {other}"


def _key(one: TextShown) -> Key:
    return one.call, one.by, one.text


def _writer(text: str) -> str:
    """Return which page's run of texts one belongs to: its id is that, and a number."""
    return text.rpartition("-")[0]
