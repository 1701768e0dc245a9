// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {OwnedToken} from "OwnedToken.sol";
import {PlainToken} from "PlainToken.sol";

/// Trap: anyone can buy, only the owner can sell.
contract CannotSellToken is OwnedToken {
    constructor(string memory name_, string memory symbol_, uint256 supply) PlainToken(name_, symbol_, supply) {}

    function _move(address from, address to, uint256 amount) internal override {
        require(!_isSell(from, to), "transfer failed");
        super._move(from, to, amount);
    }
}
