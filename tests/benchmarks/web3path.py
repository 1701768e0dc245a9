"""The path as one writes it with web3.py and eth-account: decode the log, quote, encode the call, sign. Nothing is
judged, reserved or kept, so it does less than ours."""

import json
from time import perf_counter_ns

from eth_account import Account
from figures import Figure, collected, spread
from hexbytes import HexBytes
from shell import json_of
from web3 import Web3
from web3.datastructures import AttributeDict
from world import CHAIN, ETHER, GWEI, KEY, ROUTER, WETH, World, token_of

from sniper.evm.transaction import SigningKey

EVENTS = 500

PAIR = [
    {
        "type": "event",
        "name": "Mint",
        "anonymous": False,
        "inputs": [
            {"indexed": True, "name": "sender", "type": "address"},
            {"indexed": False, "name": "amount0", "type": "uint256"},
            {"indexed": False, "name": "amount1", "type": "uint256"},
        ],
    }
]
ROUTER_ABI = [
    {
        "type": "function",
        "name": "swapExactETHForTokensSupportingFeeOnTransferTokens",
        "stateMutability": "payable",
        "inputs": [
            {"name": "amountOutMin", "type": "uint256"},
            {"name": "path", "type": "address[]"},
            {"name": "to", "type": "address"},
            {"name": "deadline", "type": "uint256"},
        ],
        "outputs": [],
    }
]


def figures(quick: bool = False) -> list[Figure]:
    world = World(pools=1)
    web3 = Web3()
    pair = web3.eth.contract(abi=PAIR)
    router = web3.eth.contract(address=Web3.to_checksum_address(ROUTER), abi=ROUTER_ABI)
    owner = Web3.to_checksum_address(SigningKey(KEY).address)
    taken = []
    with collected():
        for n in range((EVENTS // 5 if quick else EVENTS) + 20):
            launched, logs = world.launch()
            raw = json_of(logs[2])
            began = perf_counter_ns()
            found = json.loads(raw)
            log = AttributeDict(
                {
                    "address": Web3.to_checksum_address(found["address"]),
                    "topics": [HexBytes(topic) for topic in found["topics"]],
                    "data": HexBytes(found["data"]),
                    "blockNumber": int(found["blockNumber"], 16),
                    "blockHash": HexBytes(found["blockHash"]),
                    "transactionHash": HexBytes(found["transactionHash"]),
                    "transactionIndex": int(found["transactionIndex"], 16),
                    "logIndex": int(found["logIndex"], 16),
                }
            )
            event = pair.events.Mint().process_log(log)
            amount = ETHER // 20
            out = amount * 997 * 10**24 // (10**19 * 1000 + amount * 997) if event["args"]["amount0"] else 0
            token = Web3.to_checksum_address(token_of(launched))
            arguments = [out * 99 // 100, [Web3.to_checksum_address(WETH), token], owner, 2**40]
            data = router.encode_abi("swapExactETHForTokensSupportingFeeOnTransferTokens", args=arguments)
            transaction = {
                "type": 2,
                "chainId": CHAIN,
                "nonce": n,
                "maxPriorityFeePerGas": GWEI,
                "maxFeePerGas": 5 * GWEI,
                "gas": 500_000,
                "to": router.address,
                "value": amount,
                "data": data,
            }
            Account.sign_transaction(transaction, KEY)
            if n >= 20:
                taken.append(perf_counter_ns() - began)
    return spread("log → signed by web3.py and eth-account", taken)
