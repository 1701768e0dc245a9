// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {PoolToken} from "base/PoolToken.sol";

/// Trap: a sale returns false.
contract SellReturnsFalse is PoolToken {
    constructor(string memory name_, string memory symbol_, uint256 supply) PoolToken(name_, symbol_, supply) {}

    function transferFrom(address from, address to, uint256 value) public override returns (bool) {
        return _isSell(from, to) ? false : super.transferFrom(from, to, value);
    }
}
