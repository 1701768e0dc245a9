// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {PoolToken} from "base/PoolToken.sol";

/// Trap: everyone may sell once, however little it was.
contract OneSaleEach is PoolToken {
    mapping(address holder => bool) private hasSold;

    constructor(string memory name_, string memory symbol_, uint256 supply) PoolToken(name_, symbol_, supply) {}

    function _update(address from, address to, uint256 value) internal override {
        if (_isSell(from, to)) {
            require(!hasSold[from], "one sale each");
            hasSold[from] = true;
        }
        _write(from, to, value);
    }
}
