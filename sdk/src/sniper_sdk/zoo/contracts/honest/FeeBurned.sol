// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {StandardToken} from "base/StandardToken.sol";

/// Honest: 2% of each transfer is burned.
contract FeeBurned is StandardToken {
    constructor(string memory name_, string memory symbol_, uint256 supply) StandardToken(name_, symbol_, supply) {}

    function _update(address from, address to, uint256 value) internal override {
        uint256 burned = value / 50;
        _write(from, address(0), burned);
        _write(from, to, value - burned);
    }
}
