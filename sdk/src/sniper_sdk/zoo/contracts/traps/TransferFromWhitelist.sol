// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {PoolToken} from "base/PoolToken.sol";

/// Trap: only the holders on a list can let others move their tokens, and only the owner is on it.
contract TransferFromWhitelist is PoolToken {
    mapping(address holder => bool) public listed;

    constructor(string memory name_, string memory symbol_, uint256 supply) PoolToken(name_, symbol_, supply) {
        listed[msg.sender] = true;
    }

    function list(address holder) external onlyOwner {
        listed[holder] = true;
    }

    function transferFrom(address from, address to, uint256 value) public override returns (bool) {
        require(listed[from], "not listed");
        return super.transferFrom(from, to, value);
    }
}
