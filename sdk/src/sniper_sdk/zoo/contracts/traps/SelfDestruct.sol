// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {OwnableToken} from "base/OwnableToken.sol";

/// Trap: the owner removes the contract, where the chain still knows how (before EIP-6780).
contract SelfDestruct is OwnableToken {
    constructor(string memory name_, string memory symbol_, uint256 supply) OwnableToken(name_, symbol_, supply) {}

    function close() external onlyOwner {
        selfdestruct(payable(owner()));
    }
}
