// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {StandardToken} from "base/StandardToken.sol";
import {DatedLocker} from "honest/DatedLocker.sol";

/// Honest: its liquidity is locked for a year, by a date that nobody can move.
contract LiquidityLocked is StandardToken {
    DatedLocker public immutable locker = new DatedLocker(msg.sender);

    constructor(string memory name_, string memory symbol_, uint256 supply) StandardToken(name_, symbol_, supply) {}
}
