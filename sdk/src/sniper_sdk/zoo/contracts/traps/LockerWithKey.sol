// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {OwnableToken} from "base/OwnableToken.sol";
import {KeyedLocker} from "traps/KeyedLocker.sol";

/// Trap: its liquidity is in a locker of its own, whose date the owner can move.
contract LockerWithKey is OwnableToken {
    KeyedLocker public immutable locker = new KeyedLocker(msg.sender);

    constructor(string memory name_, string memory symbol_, uint256 supply) OwnableToken(name_, symbol_, supply) {}
}
