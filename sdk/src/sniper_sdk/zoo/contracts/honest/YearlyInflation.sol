// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {OwnableToken} from "base/OwnableToken.sol";

/// Honest: the owner may mint 2% of the supply in a year, and nothing in the first.
contract YearlyInflation is OwnableToken {
    uint256 public nextMint = block.timestamp + 365 days;

    constructor(string memory name_, string memory symbol_, uint256 supply) OwnableToken(name_, symbol_, supply) {}

    function mintInflation(address to) external onlyOwner {
        require(block.timestamp >= nextMint, "once a year");
        nextMint += 365 days;
        _write(address(0), to, totalSupply() / 50);
    }
}
