// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {Clone} from "base/Clone.sol";
import {OwnSalesLogic} from "traps/OwnSalesLogic.sol";

/// Trap: a minimal proxy (EIP-1167) of a trap: 45 bytes in which nothing is to be seen.
contract CloneOfTrap is Clone {
    constructor(string memory name_, string memory symbol_, uint256 supply)
        Clone(address(new OwnSalesLogic()), name_, symbol_, supply)
    {}
}
