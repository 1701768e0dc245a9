// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {OwnedToken} from "OwnedToken.sol";
import {PlainToken} from "PlainToken.sol";

/// Honest, but 3% of each transfer goes to the owner, whose own transfers are free.
contract FeeToken is OwnedToken {
    uint256 public constant feeBasisPoints = 300;

    constructor(string memory name_, string memory symbol_, uint256 supply) PlainToken(name_, symbol_, supply) {}

    function _move(address from, address to, uint256 amount) internal override {
        uint256 fee = from == owner || to == owner ? 0 : (amount * feeBasisPoints) / 10_000;
        super._move(from, to, amount - fee);
        if (fee > 0) super._move(from, owner, fee);
    }
}
