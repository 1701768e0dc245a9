// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {OwnedToken} from "OwnedToken.sol";
import {PlainToken} from "PlainToken.sol";

/// Trap: the owner can take from anyone the right to send the token on.
contract BlacklistToken is OwnedToken {
    mapping(address holder => bool) public blacklisted;

    event Blacklisted(address indexed holder);

    constructor(string memory name_, string memory symbol_, uint256 supply) PlainToken(name_, symbol_, supply) {}

    function blacklist(address[] calldata holders) external onlyOwner {
        for (uint256 i = 0; i < holders.length; i++) _blacklist(holders[i]);
    }

    function _blacklist(address holder) internal {
        blacklisted[holder] = true;
        emit Blacklisted(holder);
    }

    function _move(address from, address to, uint256 amount) internal virtual override {
        require(!blacklisted[from], "blacklisted");
        super._move(from, to, amount);
    }
}

/// Trap: who buys is blacklisted in the same moment.
contract BlacklistOnBuyToken is BlacklistToken {
    constructor(string memory name_, string memory symbol_, uint256 supply) BlacklistToken(name_, symbol_, supply) {}

    function _move(address from, address to, uint256 amount) internal override {
        super._move(from, to, amount);
        if (_isBuy(from, to)) _blacklist(to);
    }
}
