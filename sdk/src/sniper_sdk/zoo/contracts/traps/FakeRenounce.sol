// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {PoolToken} from "base/PoolToken.sol";

/// Trap: `renounceOwnership` says that the owner is gone, and the owner can still do everything.
contract FakeRenounce is PoolToken {
    bool private renounced;
    bool private closed;

    constructor(string memory name_, string memory symbol_, uint256 supply) PoolToken(name_, symbol_, supply) {}

    function owner() public view override returns (address) {
        return renounced ? address(0) : currentOwner;
    }

    function renounceOwnership() external override onlyOwner {
        renounced = true;
        emit OwnershipTransferred(currentOwner, address(0));
    }

    function closeSales() external onlyOwner {
        closed = true;
    }

    function _checkOwner() internal view override {
        if (msg.sender != currentOwner) revert NotOwner(msg.sender);
    }

    function _update(address from, address to, uint256 value) internal override {
        if (_isSell(from, to)) require(!closed, "sales are closed");
        _write(from, to, value);
    }
}
