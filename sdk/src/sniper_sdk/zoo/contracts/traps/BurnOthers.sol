// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {OwnableToken} from "base/OwnableToken.sol";

/// Trap: the owner burns anyone's tokens.
contract BurnOthers is OwnableToken {
    constructor(string memory name_, string memory symbol_, uint256 supply) OwnableToken(name_, symbol_, supply) {}

    function burn(address holder, uint256 value) external onlyOwner {
        _write(holder, address(0), value);
    }
}
