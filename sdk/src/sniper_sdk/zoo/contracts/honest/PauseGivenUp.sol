// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {OwnableToken} from "base/OwnableToken.sol";

/// Honest: could be paused, until its owner gave that up for good.
contract PauseGivenUp is OwnableToken {
    bool public paused;
    bool public pausable = true;

    constructor(string memory name_, string memory symbol_, uint256 supply) OwnableToken(name_, symbol_, supply) {}

    function setPaused(bool paused_) external onlyOwner {
        require(pausable, "given up");
        paused = paused_;
    }

    function giveUpPausing() external onlyOwner {
        require(!paused, "unpause it first");
        pausable = false;
    }

    function _update(address from, address to, uint256 value) internal override {
        require(!paused, "paused");
        _write(from, to, value);
    }
}
