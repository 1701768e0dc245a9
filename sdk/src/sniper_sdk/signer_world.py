"""What a signer is tried with: one account, one chain, one router, rules for them, and requests."""

from typing import Any

from sniper.signer import SignRequest


class SignerWorld:
    """One account, one chain, one router, and rules that allow ``request()``."""

    password = "correct horse battery staple"
    key = b"\x46" * 32
    sender = "0x9d8a62f656a8d1615c1294fd71e9cfb3e4855a4f"
    router = "0x" + "ab" * 20
    token = "0x" + "cd" * 20
    permit2 = "0x" + "22" * 20
    stranger = "0x" + "99" * 20
    cold = "0x" + "c0" * 20
    dollar = "0x" + "dd" * 20
    chain = 31337
    ether = 10**18
    buy = "swapExactETHForTokens(uint256,address[],address,uint256)"
    sell = "swapExactTokensForETH(uint256,uint256,address[],address,uint256)"

    @staticmethod
    def word(value: int | str) -> bytes:
        return (int(value, 16) if isinstance(value, str) else value).to_bytes(32, "big")

    @classmethod
    def buy_data(cls, recipient: str = sender) -> bytes:
        path = cls.word(2) + cls.word(cls.router) + cls.word(cls.token)
        return bytes.fromhex("7ff36ab5") + cls.word(1) + cls.word(128) + cls.word(recipient) + cls.word(2**40) + path

    @classmethod
    def sell_data(cls, recipient: str = sender) -> bytes:
        head = cls.word(5) + cls.word(1) + cls.word(160) + cls.word(recipient) + cls.word(2**40)
        return bytes.fromhex("18cbafe5") + head + cls.word(2) + cls.word(cls.token) + cls.word(cls.router)

    @classmethod
    def approve_data(cls, spender: str = router) -> bytes:
        return bytes.fromhex("095ea7b3") + cls.word(spender) + cls.word(5)

    @classmethod
    def permit2_data(cls, spender: str = router) -> bytes:
        return bytes.fromhex("87517c45") + cls.word(cls.token) + cls.word(spender) + cls.word(5) + cls.word(2**40)

    @classmethod
    def entry(cls, **changes: Any) -> SignRequest:
        fields: dict[str, Any] = {
            "account": "alice",
            "sender": cls.sender,
            "chain_id": cls.chain,
            "nonce": 0,
            "max_priority_fee": 10**9,
            "max_fee": 2 * 10**9,
            "gas": 200_000,
            "to": cls.router,
            "value": cls.ether // 100,
            "data": cls.buy_data(),
            "purpose": "entry",
        }
        return SignRequest(**{**fields, **changes})

    @classmethod
    def exit(cls, **changes: Any) -> SignRequest:
        return cls.entry(**{"purpose": "exit", "value": 0, "data": cls.sell_data(), **changes})

    @classmethod
    def approve(cls, **changes: Any) -> SignRequest:
        return cls.entry(**{"purpose": "approve", "value": 0, "to": cls.token, "data": cls.approve_data(), **changes})

    @classmethod
    def cancel(cls, **changes: Any) -> SignRequest:
        return cls.entry(**{"purpose": "cancel", "value": 0, "to": cls.sender, "data": b"", **changes})

    @classmethod
    def transfer(cls, **changes: Any) -> SignRequest:
        return cls.entry(**{"purpose": "transfer", "to": cls.cold, "data": b"", **changes})

    @classmethod
    def transfer_data(cls, to: str = cold, amount: int = 5) -> bytes:
        return bytes.fromhex("a9059cbb") + cls.word(to) + cls.word(amount)

    @classmethod
    def rules(cls, **changes: Any) -> dict[str, Any]:
        """As a rules file says it, with changes to the chain."""
        chain: dict[str, Any] = {
            "max_fee": cls.ether // 100,
            "max_value": cls.ether,
            "max_value_per_hour": 5 * cls.ether,
            "max_value_per_day": 8 * cls.ether,
            "spenders": [cls.router],
            "recipients": [cls.cold],
            "tokens": {cls.dollar: {"max_value": 10, "max_value_per_hour": 20, "max_value_per_day": 30}},
            "contracts": {
                cls.router: {cls.buy: {"recipient": 2}, cls.sell: {"recipient": 3}, "0x12345678": {"opaque": True}},
                cls.permit2: {"approve(address,address,uint160,uint48)": {}},
            },
        }
        return {"accounts": {"alice": [cls.sender], "bob": []}, "chains": {str(cls.chain): {**chain, **changes}}}
