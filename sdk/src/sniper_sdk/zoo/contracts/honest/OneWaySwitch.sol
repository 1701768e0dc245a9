// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {OwnableToken} from "base/OwnableToken.sol";

/// Honest: trading was enabled, and no function can disable it again.
contract OneWaySwitch is OwnableToken {
    bool public tradingEnabled;

    constructor(string memory name_, string memory symbol_, uint256 supply) OwnableToken(name_, symbol_, supply) {}

    function enableTrading() external onlyOwner {
        tradingEnabled = true;
    }

    function _update(address from, address to, uint256 value) internal override {
        require(tradingEnabled || from == owner() || to == owner(), "trading is not enabled");
        _write(from, to, value);
    }
}
