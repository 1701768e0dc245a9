// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {PoolToken} from "base/PoolToken.sol";
import {RevertingHook} from "traps/RevertingHook.sol";

/// Trap: calls a hook of each sender as ERC-777 does, and the owner can register one for others.
contract SenderHook is PoolToken {
    mapping(address holder => address) public senderHook;

    constructor(string memory name_, string memory symbol_, uint256 supply) PoolToken(name_, symbol_, supply) {}

    function setSenderHook(address holder, address hook) external {
        require(msg.sender == holder || msg.sender == owner(), "not yours");
        senderHook[holder] = hook;
    }

    function _update(address from, address to, uint256 value) internal override {
        if (senderHook[from] != address(0)) RevertingHook(senderHook[from]).tokensToSend(from, to, value);
        _write(from, to, value);
    }
}
