// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {PlainToken} from "PlainToken.sol";

/// A token whose owner keeps powers, and which knows the pool that it trades in and so tells buys from sells.
abstract contract OwnedToken is PlainToken {
    address public immutable owner = msg.sender;
    address public pool;

    modifier onlyOwner() {
        require(msg.sender == owner, "not the owner");
        _;
    }

    function setPool(address pool_) external onlyOwner {
        pool = pool_;
    }

    /// A transfer out of the pool to anyone but the owner.
    function _isBuy(address from, address to) internal view returns (bool) {
        return from == pool && to != owner;
    }

    /// A transfer into the pool by anyone but the owner, who must be able to add liquidity.
    function _isSell(address from, address to) internal view returns (bool) {
        return to == pool && from != owner;
    }
}
