// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {Clone} from "base/Clone.sol";
import {LogicToken} from "base/LogicToken.sol";

/// Honest: a minimal proxy (EIP-1167) of a plain token.
contract CloneOfPlain is Clone {
    constructor(string memory name_, string memory symbol_, uint256 supply)
        Clone(address(new LogicToken()), name_, symbol_, supply)
    {}
}
