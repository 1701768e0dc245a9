// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {OwnableToken} from "base/OwnableToken.sol";

/// Trap: the owner freezes accounts one by one.
contract Freeze is OwnableToken {
    mapping(address account => bool) public frozen;

    event Frozen(address indexed account, bool is_);

    constructor(string memory name_, string memory symbol_, uint256 supply) OwnableToken(name_, symbol_, supply) {}

    function freeze(address account, bool is_) external onlyOwner {
        frozen[account] = is_;
        emit Frozen(account, is_);
    }

    function _update(address from, address to, uint256 value) internal override {
        require(!frozen[from], "frozen");
        _write(from, to, value);
    }
}
