// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {OwnableToken} from "base/OwnableToken.sol";

/// Honest: could be paused in its first hundred seconds, which are over.
contract PausableExpired is OwnableToken {
    uint256 private immutable pausableUntil = block.timestamp + 100;
    bool public paused;

    constructor(string memory name_, string memory symbol_, uint256 supply) OwnableToken(name_, symbol_, supply) {}

    function setPaused(bool paused_) external onlyOwner {
        require(!paused_ || block.timestamp < pausableUntil, "cannot be paused any more");
        paused = paused_;
    }

    function _update(address from, address to, uint256 value) internal override {
        require(!paused, "paused");
        _write(from, to, value);
    }
}
