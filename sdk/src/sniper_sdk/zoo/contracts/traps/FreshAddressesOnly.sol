// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {PoolToken} from "base/PoolToken.sol";

/// Trap: who has bought once can sell, as every test does; who has bought again cannot.
contract FreshAddressesOnly is PoolToken {
    mapping(address holder => uint256) private purchases;

    constructor(string memory name_, string memory symbol_, uint256 supply) PoolToken(name_, symbol_, supply) {}

    function _update(address from, address to, uint256 value) internal override {
        if (_isBuy(from, to)) purchases[to]++;
        if (_isSell(from, to)) require(purchases[from] <= 1, "transfer failed");
        _write(from, to, value);
    }
}
