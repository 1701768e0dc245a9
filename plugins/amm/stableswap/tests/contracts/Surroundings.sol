// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {Coin} from "sniper_sdk/Coin.sol";
import {Stable} from "Stable.sol";

/// A rate that moves without a log.
contract Oracle {
    uint256 public get_virtual_price = 1e18;

    function set(uint256 rate) external {
        get_virtual_price = rate;
    }
}

/// What pools ask of their factory, before NG and in it; it sets up the real Plain4Basic.
contract Factory {
    address public immutable admin = msg.sender;
    mapping(address pool => uint8[]) private types;

    function initialize(address pool, bytes calldata data) external {
        (bool done,) = pool.call(data);
        require(done, "not initialised");
    }

    function set_types(address pool, uint8[] calldata types_) external {
        types[pool] = types_;
    }

    function get_pool_asset_types(address pool) external view returns (uint8[] memory) {
        return types[pool];
    }
}

/// Exchanges with coins of its own.
contract Trader {
    function approve(address pool, address[] calldata coins) external {
        for (uint256 k = 0; k < coins.length; k++) Coin(coins[k]).approve(pool, type(uint256).max);
    }

    function trade(Stable pool, int128 i, int128 j, uint256 amount) public returns (uint256 received) {
        Coin coin = Coin(pool.coins(uint128(j)));
        uint256 before = coin.balanceOf(address(this));
        pool.exchange(i, j, amount, 0);
        return coin.balanceOf(address(this)) - before;
    }

    /// What each amount would buy by itself, and whether the pool reverts. To be called, not sent.
    function trials(Stable pool, int128 i, int128 j, uint256[] calldata amounts)
        external
        returns (uint256[] memory received, bool[] memory traded)
    {
        received = new uint256[](amounts.length);
        traded = new bool[](amounts.length);
        for (uint256 n = 0; n < amounts.length; n++) {
            try this.trial(pool, i, j, amounts[n]) {}
            catch (bytes memory answer) {
                if (answer.length == 64 && bytes32(answer) == keccak256("traded")) {
                    (, received[n]) = abi.decode(answer, (bytes32, uint256));
                    traded[n] = true;
                }
            }
        }
    }

    function trial(Stable pool, int128 i, int128 j, uint256 amount) external {
        bytes memory answer = abi.encode(keccak256("traded"), trade(pool, i, j, amount));
        assembly {
            revert(add(answer, 32), mload(answer))
        }
    }
}
