// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {OwnableToken} from "base/OwnableToken.sol";

/// Honest: has a blacklist that is empty, and nobody who could fill it.
contract BlacklistRenounced is OwnableToken {
    mapping(address holder => bool) public blacklisted;

    constructor(string memory name_, string memory symbol_, uint256 supply) OwnableToken(name_, symbol_, supply) {}

    function blacklist(address holder, bool is_) external onlyOwner {
        blacklisted[holder] = is_;
    }

    function _update(address from, address to, uint256 value) internal override {
        require(!blacklisted[from], "blacklisted");
        _write(from, to, value);
    }
}
