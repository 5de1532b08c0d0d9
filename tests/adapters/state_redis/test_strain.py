"""That a node is strained goes through the live state, beside nodes that do not speak of it yet."""

from tests.adapters.state_redis.centre import NORTH, Centre


async def test_a_node_that_is_strained_says_so_and_one_of_before_says_nothing_of_it(
    centre: Centre,
) -> None:
    for strained in (True, False, True):
        await centre.node_beats(strained=strained)
        (node,) = await centre.state.nodes()
        assert node.strained is strained
    await centre.state.client.ask("HDEL", centre.state.keys.node(NORTH), "strained")
    (node,) = await centre.state.nodes()
    assert not node.strained
    found = await centre.state.node(NORTH)
    assert found is not None
    assert not found.strained
