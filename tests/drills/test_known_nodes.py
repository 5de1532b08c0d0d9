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


def test_after_a_node_out_of_reach_those_of_another_site_have_their_turn_first() -> None:
    nodes = known("n1", "n2", "n3", "s1")
    nodes.put(
        ["n1", "n2", "n3", "s1"], {"n1": "north", "n2": "north", "n3": "north", "s1": "south"}
    )
    nodes.avoid("s1")
    first = nodes.next()
    assert first in {"n1", "n2", "n3"}
    nodes.unreached(first)
    assert nodes.next() == "s1"


def test_a_socket_has_more_time_to_open_with_each_failure_and_not_for_ever() -> None:
    nodes = known("a")
    assert [nodes.open_within_s(failures, 1_000) for failures in (0, 1, 3, 9)] == [1, 2, 4, 4]


def test_a_rival_is_of_another_site_and_there_is_none_where_sites_are_not_told_apart() -> None:
    nodes = known("n1", "n2", "s1")
    assert nodes.elsewhere("n1") is None
    nodes.put(["n1", "n2", "s1"], {"n1": "north", "n2": "north", "s1": "south"})
    assert [nodes.elsewhere(one) for one in ("n1", "n2")] == ["s1", "s1"]
    assert nodes.elsewhere("s1") in {"n1", "n2"}
