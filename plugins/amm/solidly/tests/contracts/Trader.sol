// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {Coin} from "sniper_sdk/Coin.sol";
import {Pair} from "Pair.sol";

/// Swaps as a router does: pays, asks `getAmountOut`, and takes what it says. The coins are its own.
contract Trader {
    function trade(Pair pair, address coin, uint256 amount) public returns (uint256 received) {
        address other = coin == pair.token0() ? pair.token1() : pair.token0();
        uint256 before = Coin(other).balanceOf(address(this));
        uint256 out = pair.getAmountOut(amount, coin);
        Coin(coin).transfer(address(pair), amount);
        (uint256 out0, uint256 out1) = coin == pair.token0() ? (uint256(0), out) : (out, uint256(0));
        pair.swap(out0, out1, address(this), "");
        return Coin(other).balanceOf(address(this)) - before;
    }

    /// What each amount would buy by itself, 0 where the pair reverts. To be called, not sent: state comes back after each.
    function trials(Pair pair, address coin, uint256[] calldata amounts) external returns (uint256[] memory received) {
        received = new uint256[](amounts.length);
        for (uint256 n = 0; n < amounts.length; n++) {
            try this.trial(pair, coin, amounts[n]) {}
            catch (bytes memory answer) {
                if (answer.length == 64 && bytes32(answer) == keccak256("traded")) {
                    (, received[n]) = abi.decode(answer, (bytes32, uint256));
                }
            }
        }
    }

    function trial(Pair pair, address coin, uint256 amount) external {
        bytes memory answer = abi.encode(keccak256("traded"), trade(pair, coin, amount));
        assembly {
            revert(add(answer, 32), mload(answer))
        }
    }
}
