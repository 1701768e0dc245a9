// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {OwnableToken} from "base/OwnableToken.sol";

/// A token that is told once which pool it trades in, and so tells buys from sells.
abstract contract PoolToken is OwnableToken {
    address public pool;
    address internal immutable launcher = msg.sender;

    constructor(string memory name_, string memory symbol_, uint256 supply) OwnableToken(name_, symbol_, supply) {}

    function setPool(address pool_) external onlyOwner {
        require(pool == address(0), "the pool is known");
        pool = pool_;
    }

    function _isBuy(address from, address to) internal view returns (bool) {
        return from == pool && to != launcher;
    }

    /// By anyone but the one who launched it, who must be able to add liquidity.
    function _isSell(address from, address to) internal view returns (bool) {
        return to == pool && from != launcher;
    }
}
