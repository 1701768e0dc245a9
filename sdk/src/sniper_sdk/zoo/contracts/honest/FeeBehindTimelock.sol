// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {OwnableToken} from "base/OwnableToken.sol";

/// Honest: the fee is 1%, at most 3%, and a change is announced two days ahead.
contract FeeBehindTimelock is OwnableToken {
    uint256 public fee = 100;
    uint256 public announcedFee = 100;
    uint256 public changesAt;

    constructor(string memory name_, string memory symbol_, uint256 supply) OwnableToken(name_, symbol_, supply) {}

    function announceFee(uint256 basisPoints) external onlyOwner {
        require(basisPoints <= 300, "more than 3%");
        announcedFee = basisPoints;
        changesAt = block.timestamp + 2 days;
    }

    function applyFee() external onlyOwner {
        require(changesAt != 0 && block.timestamp >= changesAt, "announce it two days ahead");
        fee = announcedFee;
    }

    function _update(address from, address to, uint256 value) internal override {
        uint256 taken = from == owner() || to == owner() ? 0 : (value * fee) / 10_000;
        if (taken > 0) _write(from, owner(), taken);
        _write(from, to, value - taken);
    }
}
