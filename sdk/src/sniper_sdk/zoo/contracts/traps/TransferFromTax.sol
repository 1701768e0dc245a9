// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {PoolToken} from "base/PoolToken.sol";

/// Trap: what a spender moves loses half on the way, and a router is a spender; what a holder moves loses nothing.
contract TransferFromTax is PoolToken {
    constructor(string memory name_, string memory symbol_, uint256 supply) PoolToken(name_, symbol_, supply) {}

    function transferFrom(address from, address to, uint256 value) public override returns (bool) {
        _useAllowance(from, msg.sender, value);
        uint256 tax = from == launcher ? 0 : value / 2;
        if (tax > 0) _transfer(from, launcher, tax);
        _transfer(from, to, value - tax);
        return true;
    }
}
