// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {Ownable} from "base/Ownable.sol";
import {StandardToken} from "base/StandardToken.sol";

/// A token with an owner.
abstract contract OwnableToken is StandardToken, Ownable {
    constructor(string memory name_, string memory symbol_, uint256 supply) StandardToken(name_, symbol_, supply) {}
}
