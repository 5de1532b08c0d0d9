"""A caller of a drill tries nodes in the order in which the page would."""

from random import Random

from contactcentre.drills.known_nodes import KnownNodes


def known(*urls: str) -> KnownNodes:
    """Return a page's nodes."""
    nodes = KnownNodes(Random(1))  # noqa: S311 - the same chances each time
    nodes.put(urls)
    return nodes


def test_the_node_of_a_call_that_has_only_lost_its_socket_is_next() -> None:
    nodes = known("a", "b", "c")
    for url in ("a", "b", "c"):
        nodes.prefer(url)
        assert nodes.next() == url


def test_the_node_that_a_call_was_lost_with_is_last() -> None:
    nodes = known("a", "b", "c")
    nodes.avoid("b")
    assert [nodes.next() for _ in range(3)][-1] == "b"


def test_a_node_that_has_left_the_list_has_its_turn_after_all_others() -> None:
    nodes = known("a", "b")
    nodes.put(["b", "c"])
    assert {nodes.next(), nodes.next()} == {"b", "c"}
    assert nodes.next() == "a"


def test_every_node_has_its_turn_before_the_wait_grows() -> None:
    nodes = known("a", "b")
    assert all(nodes.pause_s(failures) <= 0.25 for failures in (1, 2) for _ in range(50))
    assert any(nodes.pause_s(9) > 0.5 for _ in range(50))
