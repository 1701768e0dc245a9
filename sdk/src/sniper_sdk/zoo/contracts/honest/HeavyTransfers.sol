// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {StandardToken} from "base/StandardToken.sol";

/// Honest: keeps statistics that make a transfer dear, some hundred thousand gas, and always equally so.
contract HeavyTransfers is StandardToken {
    uint256[10] private volumes;
    uint256[10] private counts;

    constructor(string memory name_, string memory symbol_, uint256 supply) StandardToken(name_, symbol_, supply) {}

    function _update(address from, address to, uint256 value) internal override {
        for (uint256 i = 0; i < 10; i++) {
            volumes[i] += value >> i;
            counts[i]++;
        }
        _write(from, to, value);
    }
}
