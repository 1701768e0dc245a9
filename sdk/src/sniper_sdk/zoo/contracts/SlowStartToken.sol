// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {OwnedToken} from "OwnedToken.sol";
import {PlainToken} from "PlainToken.sol";

/// Has a pool before it can be traded: only the owner's transfers pass until the owner enables trading, once and for all.
contract SlowStartToken is OwnedToken {
    bool public trading;

    event TradingEnabled();

    constructor(string memory name_, string memory symbol_, uint256 supply) PlainToken(name_, symbol_, supply) {}

    function enableTrading() external onlyOwner {
        trading = true;
        emit TradingEnabled();
    }

    function _move(address from, address to, uint256 amount) internal override {
        require(trading || from == owner || to == owner, "trading is not enabled");
        super._move(from, to, amount);
    }
}
