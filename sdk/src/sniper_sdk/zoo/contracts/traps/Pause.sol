// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {OwnableToken} from "base/OwnableToken.sol";

/// Trap: one key stops all transfers but its own, for as long as it likes.
contract Pause is OwnableToken {
    bool public paused;

    constructor(string memory name_, string memory symbol_, uint256 supply) OwnableToken(name_, symbol_, supply) {}

    function pause() external onlyOwner {
        paused = true;
    }

    function unpause() external onlyOwner {
        paused = false;
    }

    function _update(address from, address to, uint256 value) internal override {
        require(!paused || msg.sender == owner(), "paused");
        _write(from, to, value);
    }
}
