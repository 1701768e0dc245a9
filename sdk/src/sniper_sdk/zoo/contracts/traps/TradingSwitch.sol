// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {PoolToken} from "base/PoolToken.sol";

/// Trap: trading can be turned off again, for everyone but the owner.
contract TradingSwitch is PoolToken {
    bool public tradingOpen = true;

    constructor(string memory name_, string memory symbol_, uint256 supply) PoolToken(name_, symbol_, supply) {}

    function setTradingOpen(bool open) external onlyOwner {
        tradingOpen = open;
    }

    function _update(address from, address to, uint256 value) internal override {
        require(tradingOpen || from == owner() || to == owner(), "trading is closed");
        _write(from, to, value);
    }
}
