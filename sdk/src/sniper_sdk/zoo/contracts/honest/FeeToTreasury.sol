// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {StandardToken} from "base/StandardToken.sol";

/// Honest: 1% of each transfer goes to a treasury, forever; nobody can change it.
contract FeeToTreasury is StandardToken {
    address public immutable treasury = msg.sender;

    constructor(string memory name_, string memory symbol_, uint256 supply) StandardToken(name_, symbol_, supply) {}

    function _update(address from, address to, uint256 value) internal override {
        uint256 fee = from == treasury || to == treasury ? 0 : value / 100;
        if (fee > 0) _write(from, treasury, fee);
        _write(from, to, value - fee);
    }
}
