// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {OwnableToken} from "base/OwnableToken.sol";

/// Honest: has a mint function with a cap, and nobody who could call it.
contract CappedMintRenounced is OwnableToken {
    uint256 public immutable cap;

    constructor(string memory name_, string memory symbol_, uint256 supply) OwnableToken(name_, symbol_, supply) {
        cap = supply * 2;
    }

    function mint(address to, uint256 value) external onlyOwner {
        require(totalSupply() + value <= cap, "more than the cap");
        _write(address(0), to, value);
    }
}
