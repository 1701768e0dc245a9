// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {StandardToken} from "base/StandardToken.sol";

/// Honest: six decimals.
contract Decimals6 is StandardToken {
    constructor(string memory name_, string memory symbol_, uint256 supply) StandardToken(name_, symbol_, supply) {}

    function decimals() public pure override returns (uint8) {
        return 6;
    }
}
