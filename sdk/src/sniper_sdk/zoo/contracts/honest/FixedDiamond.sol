// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {Diamond} from "base/Diamond.sol";

/// Honest: a diamond without a function that would cut it.
contract FixedDiamond is Diamond {
    constructor(string memory name_, string memory symbol_, uint256 supply) Diamond(name_, symbol_, supply) {}
}
