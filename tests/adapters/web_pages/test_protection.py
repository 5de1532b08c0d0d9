"""Which machines a page may reach."""

import pytest

from contactcentre.adapters.web.pages.protection import content_security_policy


def reachable(*nodes: str) -> list[str]:
    directives = content_security_policy(nodes).split("; ")
    connect = next(each for each in directives if each.startswith("connect-src "))
    return connect.split()[1:]


def test_a_page_may_reach_its_own_server_and_the_machines_of_the_nodes() -> None:
    nodes = ("wss://node1.example/leg", "wss://node2.example/leg")
    assert reachable(*nodes) == ["'self'", "wss://node1.example:*", "wss://node2.example:*"]


def test_two_nodes_of_one_machine_are_one_machine() -> None:
    nodes = ("ws://127.0.0.1:8101/leg", "ws://127.0.0.1:8102/leg")
    assert reachable(*nodes) == ["'self'", "ws://127.0.0.1:*"]


def test_a_machine_without_a_name_is_named_by_its_address() -> None:
    assert reachable("wss://[2001:db8::1]:443/leg") == ["'self'", "wss://[2001:db8::1]:*"]


@pytest.mark.parametrize(
    "address",
    [
        "",
        "node.example",
        "http://node.example/leg",
        "ws:///leg",
        "wss://*/leg",
        "wss://a;script-src */leg",
        "wss://a 'unsafe-inline'/leg",
    ],
)
def test_an_address_that_could_widen_the_policy_is_left_out(address: str) -> None:
    assert reachable(address) == ["'self'"]


def test_nothing_inline_and_nothing_from_elsewhere_may_run() -> None:
    policy = content_security_policy(())
    assert "default-src 'none'" in policy
    assert "script-src 'self';" in policy
    assert "unsafe" not in policy
