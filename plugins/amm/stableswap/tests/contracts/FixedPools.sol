// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {Coin} from "sniper_sdk/Coin.sol";
import {Stable} from "Stable.sol";

/// Pools whose logs hold arrays of a fixed length: those before NG.
abstract contract FixedPool is Stable {
    event NewFee(uint256 fee, uint256 admin_fee);

    function add_liquidity(uint256[] calldata amounts) external returns (uint256) {
        return _add(amounts);
    }

    function remove_liquidity(uint256 burned) external {
        _remove(burned);
    }

    function remove_liquidity_imbalance(uint256[] calldata amounts) external {
        _removeUnevenly(amounts);
    }

    function new_fee(uint256 fee_, uint256 adminFee) external {
        (fee, admin_fee) = (fee_, adminFee);
        emit NewFee(fee_, adminFee);
    }

    function _logLiquidity(string memory name, uint256[] memory amounts, uint256[] memory fees, uint256[] memory rest)
        internal
        override
    {
        bytes memory array = abi.encodePacked("uint256[", bytes1(uint8(48 + amounts.length)), "],");
        bytes memory tail = rest.length == 2 ? bytes("uint256,uint256)") : bytes("uint256)");
        bytes32 topic = keccak256(abi.encodePacked(name, "(address,", array, array, tail));
        bytes memory data = abi.encodePacked(amounts, fees, rest);
        bytes32 provider = bytes32(uint256(uint160(msg.sender)));
        assembly {
            log2(add(data, 32), mload(data), topic, provider)
        }
    }
}

/// As the first pools were (3pool): A without a fraction, and a log that names neither coin nor supply.
contract FirstPool is FixedPool {
    event RemoveLiquidityOne(address indexed provider, uint256 token_amount, uint256 coin_amount);

    constructor(address[] memory coins_, address[] memory oracles_, uint256 a, uint256 fee_, uint256 adminFee)
        Stable(coins_, oracles_, a, fee_, adminFee)
    {}

    function _precision() internal pure override returns (uint256) {
        return 1;
    }

    function _dividesLast() internal pure override returns (bool) {
        return false;
    }

    function _logOne(uint256, uint256 burned, uint256 received) internal override {
        emit RemoveLiquidityOne(msg.sender, burned, received);
    }
}

/// As the factory's pools are: A in hundredths.
contract PlainPool is FixedPool {
    event RemoveLiquidityOne(address indexed provider, uint256 token_amount, uint256 coin_amount, uint256 token_supply);

    constructor(address[] memory coins_, address[] memory oracles_, uint256 a, uint256 fee_, uint256 adminFee)
        Stable(coins_, oracles_, a, fee_, adminFee)
    {}

    function A_precise() external view returns (uint256) {
        return _amp();
    }

    function _precision() internal pure override returns (uint256) {
        return 100;
    }

    function _dividesLast() internal pure virtual override returns (bool) {
        return false;
    }

    function _logOne(uint256, uint256 burned, uint256 received) internal override {
        emit RemoveLiquidityOne(msg.sender, burned, received, totalSupply);
    }
}

/// As the factory's optimised pools are, which divide the invariant's product at its end.
contract OptimizedPool is PlainPool {
    constructor(address[] memory coins_, address[] memory oracles_, uint256 a, uint256 fee_, uint256 adminFee)
        PlainPool(coins_, oracles_, a, fee_, adminFee)
    {}

    function _dividesLast() internal pure override returns (bool) {
        return true;
    }
}

/// As the factory's metapools are: coin 1 is the base pool's share, at its virtual price.
contract MetaPool is PlainPool {
    event TokenExchangeUnderlying(
        address indexed buyer, int128 sold_id, uint256 tokens_sold, int128 bought_id, uint256 tokens_bought
    );

    constructor(address[] memory coins_, address[] memory oracles_, uint256 a, uint256 fee_, uint256 adminFee)
        PlainPool(coins_, oracles_, a, fee_, adminFee)
    {}

    function BASE_POOL() public view returns (address) {
        return coins[1];
    }

    /// Coin 0 is the pool's own, those after it are the base pool's.
    function exchange_underlying(int128 i, int128 j, uint256 dx, uint256) external returns (uint256 dy) {
        uint256[] memory rates = _rates();
        PlainPool base = PlainPool(BASE_POOL());
        Coin paid = Coin(i == 0 ? coins[0] : base.coins(uint128(i) - 1));
        Coin bought = Coin(j == 0 ? coins[0] : base.coins(uint128(j) - 1));
        paid.transferFrom(msg.sender, address(this), dx);
        paid.approve(address(base), type(uint256).max);
        if (i == 0) {
            dy = base.remove_liquidity_one_coin(_move(0, 1, dx, rates), j - 1, 0);
        } else if (j == 0) {
            uint256[] memory amounts = new uint256[](_coinsOf(base));
            amounts[uint128(i) - 1] = dx;
            dy = _move(1, 0, base.add_liquidity(amounts), rates);
        } else {
            dy = base.exchange(i - 1, j - 1, dx, 0);
        }
        bought.transfer(msg.sender, dy);
        emit TokenExchangeUnderlying(msg.sender, i, dx, j, dy);
    }

    function _coinsOf(PlainPool pool) private view returns (uint256 n) {
        for (n = 2; n < 8; n++) {
            try pool.coins(n) {}
            catch {
                break;
            }
        }
    }
}
