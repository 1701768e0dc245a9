// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {PoolToken} from "base/PoolToken.sol";

/// Trap: people can be approved, contracts cannot, and a router is a contract.
contract ApproveBlocksContracts is PoolToken {
    constructor(string memory name_, string memory symbol_, uint256 supply) PoolToken(name_, symbol_, supply) {}

    function approve(address spender, uint256 value) public override returns (bool) {
        require(spender.code.length == 0 || msg.sender == launcher, "approve a person");
        return super.approve(spender, value);
    }
}
