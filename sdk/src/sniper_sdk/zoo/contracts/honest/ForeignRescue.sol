// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {OwnableToken} from "base/OwnableToken.sol";
import {StandardToken} from "base/StandardToken.sol";

/// Honest: the owner takes out what others sent here by mistake, never this token itself.
contract ForeignRescue is OwnableToken {
    constructor(string memory name_, string memory symbol_, uint256 supply) OwnableToken(name_, symbol_, supply) {}

    function rescue(StandardToken token, uint256 value) external onlyOwner {
        require(address(token) != address(this), "not this token");
        token.transfer(owner(), value);
    }
}
