def test_a_killed_node_is_back_with_what_was_kept_and_no_more() -> None:
    with DevChain(automine=False) as chain:
        sender, friend = chain.accounts[:2]
        before = chain.balance(friend.address)
        kept = chain.send(sender, friend.address, value=5)
        state = chain.state()
        waiting = chain.submit(sender, friend.address, value=7)
        chain.mine()
        lost = chain.block_number()
        chain.restart(state)
        assert chain.block_number() == kept.block == lost - 1
        assert chain.receipt(kept.hash) == kept
        assert chain.rpc.call("eth_getTransactionByHash", waiting) is None
        assert chain.balance(friend.address) == before + 5
        assert int(chain.rpc.call("eth_getBalance", friend.address, hex(kept.block - 1)), 16) == before
        assert chain.send(sender, friend.address, value=1).block == lost
