// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {OwnableToken} from "base/OwnableToken.sol";

/// Trap: the owner runs any code in the token's storage.
contract ArbitraryDelegatecall is OwnableToken {
    constructor(string memory name_, string memory symbol_, uint256 supply) OwnableToken(name_, symbol_, supply) {}

    function execute(address target, bytes calldata data) external onlyOwner {
        (bool done,) = target.delegatecall(data);
        require(done, "failed");
    }
}
